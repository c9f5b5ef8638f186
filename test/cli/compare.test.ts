import { expect, it } from 'vitest';
import { compared } from '../../src/cli/compare.ts';
import type { Hub } from '../../src/cli/hub.ts';
import { Invocation } from '../../src/cli/invocation.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';
import { CommandLine } from './command-line.ts';

const asked = { start: '-7d', end: 'now', interval: '1d', agg: 'energy', compare: '1w' };

const row = (timestamp: string | null, energy: number | null) => ({
  timestamp,
  power_energy: energy,
});

async function show(answer: unknown, format: 'table' | 'json' | 'csv' = 'table') {
  const command = await CommandLine.open();
  const questions: unknown[] = [];
  const get = (path: string, query: unknown) => {
    questions.push([path, query]);
    return Promise.resolve(answer);
  };
  const { output, errors } = command;
  const around = { output, errors, environment: {} } as unknown as Surroundings;
  const at = new Invocation(around, {});
  await compared({ get } as unknown as Hub, at, 'plug-1', { ...asked, format });
  return { text: command.output.text, questions };
}

const answer = {
  series: [{ data: [row('2026-01-30', 1.5), row('2026-01-31', 2)] }],
  compared: { series: [{ data: [row('2026-01-23', 1.25), row(null, null)] }] },
  truncated: false,
};

it('shows two times side by side', async () => {
  const { text, questions } = await show(answer);
  expect(questions).toEqual([
    [
      '/telemetry',
      { devices: 'plug-1', ...asked, fields: undefined, limit: undefined, tz: undefined },
    ],
  ]);
  const lines = text.split('\n').map((line) => line.trim().split(/\s{2,}/));
  expect(lines[0]?.map((head) => head.toLowerCase())).toEqual([
    'timestamp',
    'earlier',
    'power_energy',
    'power_energy earlier',
  ]);
  expect(lines.find(([first]) => first === '2026-01-30')).toEqual([
    '2026-01-30',
    '2026-01-23',
    '1.5',
    '1.25',
  ]);
});

it('leaves out rows that are empty in both, and digits that do not matter', async () => {
  const some = {
    series: [{ data: [row('2026-01-29', null), row('2026-01-30', 5180.8000000000075)] }],
    compared: { series: [{ data: [row('2026-01-22', null), row('2026-01-23', null)] }] },
    truncated: false,
  };
  const { text } = await show(some);
  expect(text).not.toContain('2026-01-29');
  expect(text).toMatch(/2026-01-30 +2026-01-23 +5180\.8\n$/);
});

it('says when there was nothing in either', async () => {
  const none = { series: [{ data: [row('2026-01-30', null)] }], truncated: false };
  expect((await show(none)).text).toBe(
    'plug-1 has no readings from -7d to now, nor in the time before. ' +
      'Energy is told of a power in watts alone.\n',
  );
});

it('is passed on as JSON, and is no CSV', async () => {
  expect(JSON.parse((await show(answer, 'json')).text)).toEqual(answer);
  await expect(show(answer, 'csv')).rejects.toMatchObject({ field: '--format' });
});
