import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { minute, Residence } from './residence.ts';

const anna = { requestedBy: 'person:Anna' };
const minutes = fc.integer({ min: 1, max: 20 });
const fanSpeed = fc.integer({ min: 0, max: 5 });

type Step =
  | { readonly do: 'override'; readonly fanSpeed: number; readonly minutes: number }
  | { readonly do: 'mode'; readonly minutes: number }
  | { readonly do: 'extend' | 'shorten' | 'wait' | 'restart'; readonly minutes: number }
  | { readonly do: 'setClock'; readonly minutes: number }
  | { readonly do: 'cancel' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('override' as const), fanSpeed, minutes }),
  fc.record({ do: fc.constant('mode' as const), minutes }),
  fc.record({
    do: fc.constantFrom('extend' as const, 'shorten' as const, 'wait' as const, 'restart' as const),
    minutes,
  }),
  fc.record({ do: fc.constant('setClock' as const), minutes: fc.integer({ min: 2, max: 40 }) }),
  fc.constant({ do: 'cancel' as const }),
);

async function take(residence: Residence, next: Step): Promise<void> {
  const { overrides, clock } = residence;
  const isRunning = overrides.activeOf('purifier') !== undefined;
  if (next.do === 'override') residence.fan('purifier', next.fanSpeed, next.minutes);
  else if (next.do === 'mode') {
    const action = { action: 'setMode', value: 'turbo' };
    overrides.begin('purifier', { action, durationMs: next.minutes * minute, ...anna });
  } else if (next.do === 'wait') clock.advance(next.minutes * minute);
  else if (next.do === 'restart') await residence.restart(next.minutes * minute);
  else if (next.do === 'setClock') clock.step(clock.nowMs() + next.minutes * minute);
  else if (isRunning && next.do === 'cancel') overrides.cancel('purifier', anna);
  else if (isRunning && next.do === 'extend') {
    overrides.change('purifier', { extendMs: next.minutes * minute }, anna);
  } else if (isRunning && next.do === 'shorten') {
    overrides.change('purifier', { durationMs: next.minutes * minute }, anna);
  }
}

it('gives the original state back exactly once, whatever is done to an override', async () => {
  const directory = await temporaryDirectory();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const residence = await Residence.openHastily(await mkdtemp(join(directory, 'run-')));
      const original = { fanSpeed: 2, powerOn: true, mode: 'quiet' };
      residence.addDevice('purifier', original);
      let runs = 0;
      for (const next of steps) {
        const wasRunning = residence.overrides.activeOf('purifier') !== undefined;
        await take(residence, next);
        const isRunning = residence.overrides.activeOf('purifier') !== undefined;
        if (isRunning && !wasRunning) runs += 1;
        expect(residence.givenBack()).toHaveLength(isRunning ? runs - 1 : runs);
        if (!isRunning) expect(residence.reported.get('purifier')).toEqual(original);
      }
      residence.clock.advance(15 * 20 * minute);
      expect(residence.givenBack()).toHaveLength(runs);
      expect(residence.reported.get('purifier')).toEqual(original);
      for (const { state } of residence.givenBack()) expect(original).toMatchObject(state);
      const statuses = residence.overrides.list('purifier').map(({ status }) => status);
      expect(statuses).not.toContain('active');
      expect(statuses.filter((status) => status !== 'replaced')).toHaveLength(runs);
      const { n } = residence.db
        .prepare<[], { n: number }>("SELECT count(*) AS n FROM due WHERE kind = 'override'")
        .get() ?? { n: -1 };
      expect(n).toBe(0);
      residence.db.close();
    }),
    { numRuns: 100 },
  );
}, 120_000);
