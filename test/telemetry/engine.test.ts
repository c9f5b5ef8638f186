import { expect, it } from 'vitest';
import { Engine } from '../../src/telemetry/worker/engine.ts';
import { temporaryDirectory } from '../support/directory.ts';

/** Would take DuckDB hours. */
const endless = 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b';

it('an engine that ends cuts short whoever keeps it, one after the other, and is the last to act', async () => {
  const engine = new Engine(await temporaryDirectory(), 64);
  await engine.open();
  const deeds: string[] = [];
  const askers = ['first', 'second'].map((name) =>
    engine
      .turn((connection) => connection.run(endless))
      .catch((error) => deeds.push(`${name}: ${error.message}`)),
  );
  await engine.end(() => deeds.push('the end'));
  await Promise.all(askers);
  expect(deeds).toEqual([
    expect.stringMatching(/^first: INTERRUPT/),
    expect.stringMatching(/^second: INTERRUPT/),
    'the end',
  ]);
});

it('an engine that ends lets a short query finish', async () => {
  const engine = new Engine(await temporaryDirectory(), 64);
  await engine.open();
  const rows = engine.turn(async (connection) => (await connection.run('SELECT 1')).rowCount);
  await engine.end(() => {});
  expect(await rows).toBe(1);
});
