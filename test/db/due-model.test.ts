import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Machine, noonMs, startMachine } from './queue.ts';

const keys = ['a', 'b', 'c', 'd', 'e'];
/** When these fire they do something to others; see `act`. */
const active = ['cancels a', 'sets b', 'fails first'];

type Step =
  | { readonly do: 'set'; readonly key: string; readonly inMs: number }
  | { readonly do: 'set after'; readonly key: string; readonly inMs: number }
  | { readonly do: 'cancel'; readonly key: string }
  | { readonly do: 'roll back'; readonly key: string; readonly inMs: number }
  | { readonly do: 'advance'; readonly forMs: number }
  | { readonly do: 'step clock'; readonly byMs: number }
  | { readonly do: 'restart'; readonly awayMs: number; readonly killed: boolean };

const key = fc.constantFrom(...keys, ...active);
const inMs = fc.integer({ min: -5000, max: 120_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, inMs }),
  fc.record({ do: fc.constant('set after' as const), key, inMs }),
  // Often at the same moment as others.
  fc.record({ do: fc.constant('set' as const), key, inMs: fc.constant(10_000) }),
  fc.record({ do: fc.constant('cancel' as const), key }),
  fc.record({ do: fc.constant('roll back' as const), key, inMs }),
  fc.record({ do: fc.constant('advance' as const), forMs: fc.integer({ min: 0, max: 60_000 }) }),
  fc.record({
    do: fc.constant('step clock' as const),
    byMs: fc.integer({ min: -40_000, max: 40_000 }),
  }),
  fc.record({
    do: fc.constant('restart' as const),
    awayMs: fc.integer({ min: 0, max: 60_000 }),
    killed: fc.boolean(),
  }),
);

/** A step of the clock is noticed within a second; what failed with others may cost another. */
const lookMs = 2000;

interface Expected {
  /** Not before this wall time, or, for a duration of this run, this monotonic time. */
  readonly wallMs: number;
  monotonicMs: number | undefined;
}

/** What ought to be in the queue, and what fired wrongly. */
class Model {
  readonly machine: Machine;
  readonly waiting = new Map<string, Expected>();
  readonly wrong: string[] = [];
  #hasFailed = false;

  constructor(machine: Machine) {
    this.machine = machine;
    machine.action = (key) => this.#act(key);
  }

  put(key: string, inMs: number, isDuration: boolean): void {
    const { clock, queue } = this.machine;
    const wallMs = clock.nowMs() + inMs;
    if (isDuration) queue.setAfter('note', key, inMs);
    else queue.set('note', key, wallMs);
    const monotonicMs = isDuration ? clock.monotonicMs() + inMs : undefined;
    this.waiting.set(key, { wallMs, monotonicMs });
  }

  cancel(key: string): void {
    this.machine.queue.cancel('note', key);
    this.waiting.delete(key);
  }

  rollBack(key: string, inMs: number): void {
    const { db, queue, clock } = this.machine;
    const attempt = db.transaction(() => {
      queue.cancel('note', key);
      queue.cancel('note', 'a');
      queue.set('note', key, clock.nowMs() + inMs);
      queue.setAfter('note', 'b', inMs);
      throw new Error('rolled back');
    });
    expect(attempt).toThrow('rolled back');
  }

  async restart(awayMs: number, killed: boolean): Promise<void> {
    for (const expected of this.waiting.values()) expected.monotonicMs = undefined;
    this.#hasFailed = false;
    await this.machine.restart({ startMs: this.machine.clock.nowMs() + awayMs, killed });
  }

  /** What has not fired although it should have. */
  get overdue(): string[] {
    const { clock, queue } = this.machine;
    return [...this.waiting].flatMap(([key, { wallMs, monotonicMs }]) => {
      const lateMs =
        monotonicMs !== undefined
          ? clock.monotonicMs() - monotonicMs
          : queue.clockIsPlausible
            ? clock.nowMs() - wallMs
            : 0;
      return lateMs > lookMs ? [`${key}: ${lateMs} ms late`] : [];
    });
  }

  #act(key: string): undefined {
    const { clock, queue } = this.machine;
    const expected = this.waiting.get(key);
    const isEarly =
      expected?.monotonicMs !== undefined
        ? clock.monotonicMs() < expected.monotonicMs
        : clock.nowMs() < (expected?.wallMs ?? 0);
    if (expected === undefined) this.wrong.push(`${key} fired without being in the queue`);
    else if (isEarly) this.wrong.push(`${key} fired early`);
    if (key === 'fails first' && !this.#hasFailed) {
      this.#hasFailed = true;
      queue.setAfter('note', 'c', 1000);
      queue.cancel('note', 'd');
      const retry = { wallMs: expected?.wallMs ?? 0, monotonicMs: clock.monotonicMs() + 5000 };
      this.waiting.set(key, retry);
      throw new Error('not now');
    }
    this.waiting.delete(key);
    if (key === 'fails first') this.#hasFailed = false;
    if (key === 'cancels a') this.cancel('a');
    if (key === 'sets b') this.put('b', 10_000, true);
    return undefined;
  }
}

async function play(machine: Machine, model: Model, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    switch (step.do) {
      case 'set':
      case 'set after':
        model.put(step.key, step.inMs, step.do === 'set after');
        break;
      case 'cancel':
        model.cancel(step.key);
        break;
      case 'roll back':
        model.rollBack(step.key, step.inMs);
        break;
      case 'advance':
        machine.clock.advance(step.forMs + lookMs);
        break;
      case 'step clock':
        machine.clock.step(machine.clock.nowMs() + step.byMs);
        machine.clock.advance(lookMs);
        break;
      case 'restart':
        await model.restart(step.awayMs, step.killed);
        break;
    }
    expect(model.wrong).toEqual([]);
    if (step.do === 'advance' || step.do === 'step clock') expect(model.overdue).toEqual([]);
  }
}

it('fires each row once unless it is cancelled, and never before its time', async () => {
  const machine = await startMachine();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      machine.forget();
      await machine.restart({ startMs: noonMs, killed: true });
      const model = new Model(machine);
      await play(machine, model, steps);
      expect(machine.rows()).toEqual([...model.waiting.keys()].sort());
      await play(machine, model, [{ do: 'advance', forMs: 10 * 60_000 }]);
      expect([machine.rows(), [...model.waiting.keys()], machine.queue.size]).toEqual([[], [], 0]);
      expect(machine.clock.nowMs()).toBeGreaterThan(noonMs);
    }),
    { numRuns: 200 },
  );
}, 60_000);
