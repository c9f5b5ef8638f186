import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { rounded } from '../../src/cli/readings.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

const empty = () =>
  new Hono().get('/devices/plug-1/telemetry', (context) => context.json({ data: [] }));

it('names the metrics a device has when none of that name exist', async () => {
  const at = await CommandLine.open();
  const latest = { device_id: 'plug-1', timestamp: '2026-01-31T08:00:00Z', power: 1, voltage: 230 };
  const api = empty().get('/devices/plug-1/telemetry/latest', (context) => context.json(latest));
  await listenOnSocket(at.directory, api);

  expect(await at.run('query', 'plug-1', '--fields', 'power,nope')).toBe(0);
  expect(at.output.text).toBe('plug-1 has no metric nope. It has: power, voltage.\n');

  at.output.text = '';
  expect(await at.run('query', 'plug-1', '--fields', 'power')).toBe(0);
  expect(at.output.text).toBe(
    'plug-1 has no readings from -24h to now. Its newest reading is of 2026-01-31T08:00:00Z.\n',
  );
});

it('has no metrics to name for a device that has sent nothing', async () => {
  const at = await CommandLine.open();
  const problem = { code: 'not_found', detail: 'plug-1 has sent no readings yet' };
  const api = empty().get('/devices/plug-1/telemetry/latest', (context) =>
    context.json(problem, 404),
  );
  await listenOnSocket(at.directory, api);
  expect(await at.run('query', 'plug-1', '--fields', 'nope')).toBe(0);
  expect(at.output.text).toBe('plug-1 has no readings from -24h to now.\n');
});

it('shows times whole, however narrow the terminal is', async () => {
  const at = await CommandLine.open();
  const row = { timestamp: '2026-01-31T00:00:00.000+01:00', power_avg: 1, power_min: 0 };
  const api = new Hono().get('/devices/plug-1/telemetry', (context) =>
    context.json({ data: [row] }),
  );
  await listenOnSocket(at.directory, api);
  Object.assign(at.output, { isTTY: true, columns: 20 });
  expect(await at.run('query', 'plug-1', '--interval', '1d')).toBe(0);
  expect(at.output.text).toContain('2026-01-31T00:00:00.000+01:00');
});

it.each([
  [5180.8000000000075, 5180.8],
  [0.1 + 0.2, 0.3],
  [1 / 3, 0.3333333333],
  [1.2345678901e-7, 1.23456789e-7],
  [1768478400000, 1768478400000],
  [-12345678901.5, -12345678901],
  [true, true],
  ['1.00000000001', '1.00000000001'],
  [null, null],
])('rounds %s to %s for a table', (value, expected) => {
  expect(rounded(value)).toBe(expected);
});
