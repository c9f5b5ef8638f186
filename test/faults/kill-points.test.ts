import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FaultPoint, faultPoints } from '../../src/telemetry/worker/fault-points.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { Model, rounded, type Sent, sumsIn } from '../telemetry/model.ts';
import { type Bench, rowsOf, startTelemetry, stopTelemetry, store } from '../telemetry/support.ts';
import { keepRaw, killConfig, type Order, type Scenario, scenarios } from './kill-scenarios.ts';

const program = join(import.meta.dirname, 'telemetry-process.ts');

describe.each([...faultPoints])('a process that dies at %s', (point) => {
  const cases = scenarios[point.split('.')[0] ?? ''] ?? [];
  if (cases.length === 0) throw new Error(`there is no scenario for ${point}`);
  it.each(cases)(
    '$name leaves everything that was acknowledged, once',
    {
      timeout: 60_000,
    },
    async (scenario) => {
      const directory = await temporaryDirectory();
      const model = new Model(killConfig['home.time_zone']);
      const bench = await startTelemetry({ directory, config: killConfig });
      for (const step of scenario.before) await perform(bench, model, step);
      await stopTelemetry(bench);
      await dieWithin(directory, point, scenario, model);
      const after = await startTelemetry({ directory, config: killConfig });
      await expectReadings(after, model, scenario.mayLack);
      await expectOnlyListedFiles(after);
      expect(await after.telemetry.incidents()).toEqual(
        point === 'seal.written' ? [expect.objectContaining({ kind: 'orphan_file' })] : [],
      );
      await after.telemetry.erased();
      await after.telemetry.compact();
      await expectReadings(after, model, scenario.mayLack);
      await expectOnlyListedFiles(after);
      for (const tier of ['1m', '1h', '1d'] as const) {
        expect(rounded(await sumsIn(directory, tier)), tier).toEqual(rounded(model.sums(tier)));
      }
    },
  );
});

async function perform({ telemetry }: Bench, model: Model, step: Order | Sent): Promise<void> {
  if ('verb' in step) {
    if (step.verb === 'seal') await telemetry.seal();
    else if (step.verb === 'compact') await telemetry.compact();
    else if (step.verb === 'rule') keepRaw(telemetry, step.deviceId, step.days);
    else throw new Error(`${step.verb} is for the process that dies`);
    return;
  }
  await store(telemetry, step.device, { ts: step.timeUs, [step.metric]: step.value });
  model.send(step);
}

/** Lets a process do the deadly part of a scenario; that it does not die of it is a failure. */
async function dieWithin(
  directory: string,
  point: FaultPoint,
  scenario: Scenario,
  model: Model,
): Promise<void> {
  const child = fork(program, [directory, point], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  try {
    expect(await answerOf(child)).toBe('done');
    for (const step of scenario.deadly) {
      const order: Order =
        'verb' in step
          ? step
          : {
              verb: 'store',
              deviceId: step.device,
              body: { ts: step.timeUs, [step.metric]: step.value },
            };
      child.send(order);
      const answer = await answerOf(child);
      if (answer === undefined) {
        expect(order.verb, 'died of').not.toBe('store');
        scenario.changeModel?.(model);
        expect((await exited)[1]).toBe('SIGKILL');
        return;
      }
      expect(answer).toBe('done');
      if (!('verb' in step)) model.send(step);
    }
    throw new Error(`${point} was not reached`);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/** What a process says, or `undefined` when it is gone. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: gone.signal }).then(([answer]) => answer),
      once(child, 'exit', { signal: gone.signal }).then(() => undefined),
    ]);
  } finally {
    gone.abort();
  }
}

/** Of `mayLack` some days are there, or none. */
async function expectReadings({ telemetry }: Bench, model: Model, mayLack?: string): Promise<void> {
  for (const deviceId of new Set(model.readings().map(({ device }) => device))) {
    const all = { startUs: Date.UTC(2025, 0, 1) * 1000, endUs: Date.UTC(2027, 0, 1) * 1000 };
    const rows = await rowsOf(telemetry, { deviceId, ...all });
    if (deviceId === mayLack) expect(model.rowsOf(deviceId)).toEqual(expect.arrayContaining(rows));
    else expect(rows).toEqual(model.rowsOf(deviceId));
  }
}

/** Nothing half-written and nothing replaced is left on the disk. */
async function expectOnlyListedFiles({ telemetry, directory }: Bench): Promise<void> {
  const { files } = await telemetry.storage();
  expect(readdirSync(join(directory, 'telemetry', 'raw'))).toHaveLength(files);
}
