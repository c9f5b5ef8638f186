import { describe, expect, it, vi } from 'vitest';
import { type Log, silentLog } from '#kernel';
import { newMachine, noonMs, startMachine } from './queue.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

describe('the queue', () => {
  it('fires each row once, at its moment, in the order of the moments', async () => {
    const machine = await startMachine();
    const { queue, clock } = machine;
    queue.set('note', 'c', noonMs + 90_000);
    queue.set('note', 'a', noonMs + 1);
    queue.set('note', 'b', noonMs + 1500);
    expect(queue.size).toBe(3);
    clock.advance(5 * minuteMs);
    expect(machine.fired).toEqual([
      { key: 'a', atMs: noonMs + 1 },
      { key: 'b', atMs: noonMs + 1500 },
      { key: 'c', atMs: noonMs + 90_000 },
    ]);
    expect([queue.size, machine.rows()]).toEqual([0, []]);
  });

  it('fires what became due together in the order of the moments', async () => {
    const machine = await newMachine();
    for (const second of [3, 1, 2]) machine.queue.set('note', `${second}`, noonMs + second * 1000);
    machine.clock.advance(minuteMs);
    await machine.run();
    expect(machine.keys).toEqual(['1', '2', '3']);
  });

  it('tells the action when it was due, and of a moment that has passed at once', async () => {
    const machine = await startMachine();
    const dueAtMs = vi.fn();
    machine.action = (_key, atMs) => dueAtMs(atMs);
    machine.queue.set('note', 'late', noonMs - dayMs);
    machine.clock.advance(1);
    expect(dueAtMs).toHaveBeenCalledExactlyOnceWith(noonMs - dayMs);
  });

  it('moves a row that is set again, and forgets one that is cancelled', async () => {
    const machine = await startMachine();
    const { queue, clock } = machine;
    queue.set('note', 'moved', noonMs + 1000);
    queue.set('note', 'moved', noonMs + 5000);
    queue.set('note', 'sooner', noonMs + 9000);
    queue.setAfter('note', 'sooner', 2000);
    queue.set('note', 'cancelled', noonMs + 1000);
    queue.cancel('note', 'cancelled');
    queue.cancel('note', 'never there');
    expect(queue.dueAtMs('note', 'moved')).toBe(noonMs + 5000);
    expect(queue.dueAtMs('note', 'cancelled')).toBeUndefined();
    clock.advance(4999);
    expect(machine.keys).toEqual(['sooner']);
    clock.advance(1);
    clock.advance(minuteMs);
    expect(machine.keys).toEqual(['sooner', 'moved']);
  });

  it('tells kinds apart that have the same key', async () => {
    const machine = await newMachine();
    const other = vi.fn();
    machine.queue.handle('other', other);
    expect(() => machine.queue.handle('other', other)).toThrow('other has an action already');
    await machine.run();
    machine.queue.set('note', 'k', noonMs + 1000);
    machine.queue.set('other', 'k', noonMs + 2000);
    machine.clock.advance(1000);
    expect([machine.keys, other.mock.calls.length]).toEqual([['k'], 0]);
    machine.clock.advance(1000);
    expect(other).toHaveBeenCalledExactlyOnceWith('k', noonMs + 2000);
  });

  it('fires nothing before it is opened and nothing after it is closed', async () => {
    const machine = await newMachine();
    const { queue, clock } = machine;
    queue.set('note', 'a', noonMs);
    await queue.start();
    clock.advance(minuteMs);
    expect(machine.keys).toEqual([]);
    queue.open();
    expect(machine.keys).toEqual(['a']);
    queue.close();
    queue.set('note', 'b', noonMs);
    clock.advance(minuteMs);
    expect(machine.keys).toEqual(['a']);
    await machine.restart();
    expect(machine.keys).toEqual(['a', 'b']);
  });

  it('works off more than one commit takes', async () => {
    const machine = await newMachine();
    machine.db.transaction(() => {
      for (let i = 0; i < 1000; i++) machine.queue.set('note', `${i}`, noonMs + i);
    })();
    machine.clock.advance(minuteMs);
    await machine.run();
    expect(machine.fired.length).toBe(200);
    machine.clock.advance(10);
    expect(machine.keys).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
  });
});

describe('a restart', () => {
  it.each([true, false])('finds the rows again (killed: %s)', async (killed) => {
    const machine = await startMachine();
    machine.queue.set('note', 'meanwhile', noonMs + minuteMs);
    machine.queue.set('note', 'later', noonMs + 60 * minuteMs);
    machine.queue.set('note', 'cancelled', noonMs + minuteMs);
    machine.queue.cancel('note', 'cancelled');
    await machine.restart({ startMs: noonMs + 10 * minuteMs, killed });
    expect(machine.fired).toEqual([{ key: 'meanwhile', atMs: noonMs + 10 * minuteMs }]);
    machine.clock.advance(50 * minuteMs);
    expect(machine.fired.slice(1)).toEqual([{ key: 'later', atMs: noonMs + 60 * minuteMs }]);
    await machine.restart({ killed });
    machine.clock.advance(dayMs);
    expect(machine.fired.length).toBe(2);
  });

  it('keeps what nobody acts on any more, and acts on the rest', async () => {
    const machine = await newMachine();
    machine.queue.set('gone', 'x', noonMs);
    machine.queue.set('note', 'a', noonMs);
    await machine.run();
    machine.clock.advance(minuteMs);
    expect([machine.keys, machine.rows()]).toEqual([['a'], ['x']]);
  });
});

describe('an action', () => {
  const table = (machine: Awaited<ReturnType<typeof newMachine>>) => {
    machine.db.exec('CREATE TABLE written (key TEXT) STRICT');
    const insert = machine.db.prepare('INSERT INTO written VALUES (?)');
    const read = machine.db.prepare<[], string>('SELECT key FROM written').pluck();
    return { write: (key: string) => insert.run(key), written: () => read.all() };
  };

  it('that throws is tried again after 5 s, and takes nothing of the others back', async () => {
    const machine = await startMachine();
    const { write, written } = table(machine);
    let failures = 2;
    machine.action = (key) => {
      write(key);
      if (key === 'b' && failures-- > 0) throw new Error('not now');
      return undefined;
    };
    for (const key of ['a', 'b', 'c']) machine.queue.set('note', key, noonMs + 1000);
    machine.clock.advance(1000);
    expect([machine.keys, written(), machine.rows()]).toEqual([['a', 'c'], ['a', 'c'], ['b']]);
    machine.clock.advance(4999);
    expect(failures).toBe(1);
    machine.clock.advance(1);
    expect(failures).toBe(0);
    machine.clock.advance(5000);
    expect([machine.keys, written(), machine.rows()]).toEqual([
      ['a', 'c', 'b'],
      ['a', 'c', 'b'],
      [],
    ]);
  });

  it('that throws is logged by its kind and key, and tried again after a restart', async () => {
    const error = vi.fn();
    const log = { ...silentLog, error } as Log;
    const machine = await startMachine({ log });
    machine.action = () => {
      throw new Error('not now');
    };
    machine.queue.setAfter('note', 'a', 1000);
    machine.clock.advance(1000);
    expect(error.mock.calls[0]?.[0]).toMatchObject({ kind: 'note', key: 'a' });
    machine.action = () => undefined;
    await machine.restart({ killed: true });
    expect(machine.keys).toEqual(['a']);
  });

  it('has what follows it done after the commit, each whatever happens to the others', async () => {
    const machine = await startMachine();
    const { write, written } = table(machine);
    const seen: unknown[] = [];
    machine.action = (key) => {
      write(key);
      return () => {
        seen.push([key, machine.db.inTransaction, written(), machine.rows()]);
        if (key === 'a') throw new Error('nobody listens');
      };
    };
    machine.queue.set('note', 'a', noonMs + 1000);
    machine.queue.set('note', 'b', noonMs + 1000);
    machine.clock.advance(1000);
    expect(seen).toEqual([
      ['a', false, ['a', 'b'], []],
      ['b', false, ['a', 'b'], []],
    ]);
    machine.clock.advance(minuteMs);
    expect(machine.keys).toEqual(['a', 'b']);
  });

  it('writes nothing when the commit fails, and what follows it is not done', async () => {
    const machine = await startMachine();
    const { write, written } = table(machine);
    // Checked at the commit alone: the actions succeed, the transaction does not.
    machine.db.exec(`
      CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
    `);
    const after = vi.fn();
    let broken = true;
    machine.action = (key) => {
      write(key);
      if (broken && key === 'b') machine.db.exec('INSERT INTO child VALUES (1)');
      return after;
    };
    for (const key of ['a', 'b']) machine.queue.set('note', key, noonMs + 1000);
    machine.clock.advance(1000);
    expect([written(), machine.rows(), after.mock.calls.length]).toEqual([[], ['a', 'b'], 0]);
    broken = false;
    machine.clock.advance(4999);
    expect(machine.rows()).toEqual(['a', 'b']);
    machine.clock.advance(1);
    expect([written(), machine.rows(), after.mock.calls.length]).toEqual([['a', 'b'], [], 2]);
  });

  it('may set its own key again, and others', async () => {
    const machine = await startMachine();
    let left = 3;
    machine.action = (key) => {
      if (key === 'again' && --left > 0) machine.queue.setAfter('note', 'again', 30_000);
      if (key === 'again') machine.queue.set('note', 'at once', noonMs);
      return undefined;
    };
    machine.queue.setAfter('note', 'again', 30_000);
    machine.clock.advance(10 * minuteMs);
    expect(machine.fired.filter(({ key }) => key === 'again')).toEqual(
      [1, 2, 3].map((i) => ({ key: 'again', atMs: noonMs + i * 30_000 })),
    );
    expect(machine.keys.filter((key) => key === 'at once').length).toBe(3);
  });

  it('that cancels or moves another of the same moment keeps it from firing then', async () => {
    const machine = await startMachine();
    machine.action = (key) => {
      if (key === '1') {
        machine.queue.cancel('note', '2');
        machine.queue.set('note', '3', noonMs + 9000);
      }
      return undefined;
    };
    for (const key of ['1', '2', '3']) machine.queue.set('note', key, noonMs + 1000);
    machine.clock.advance(minuteMs);
    expect(machine.fired).toEqual([
      { key: '1', atMs: noonMs + 1000 },
      { key: '3', atMs: noonMs + 9000 },
    ]);
  });

  it('that throws takes back what it set and cancelled', async () => {
    const machine = await startMachine();
    const { queue } = machine;
    let failed = false;
    machine.action = (key) => {
      if (key !== 'a' || failed) return undefined;
      failed = true;
      queue.set('note', 'set by a', noonMs + 3000);
      queue.set('note', 'moved by a', noonMs + 100_000);
      queue.cancel('note', 'cancelled by a');
      throw new Error('not now');
    };
    queue.set('note', 'a', noonMs + 1000);
    queue.setAfter('note', 'moved by a', 4000);
    queue.set('note', 'cancelled by a', noonMs + 4500);
    machine.clock.advance(10 * minuteMs);
    expect(machine.fired).toEqual([
      { key: 'moved by a', atMs: noonMs + 4000 },
      { key: 'cancelled by a', atMs: noonMs + 4500 },
      { key: 'a', atMs: noonMs + 6000 },
    ]);
  });
});

describe("a caller's transaction", () => {
  it('that is rolled back leaves the queue as it was', async () => {
    const machine = await startMachine();
    const { queue, db } = machine;
    queue.set('note', 'kept', noonMs + 1000);
    queue.setAfter('note', 'not moved', 2000);
    const attempt = db.transaction(() => {
      queue.cancel('note', 'kept');
      queue.set('note', 'not moved', noonMs + dayMs);
      queue.setAfter('note', 'never set', 500);
      throw new Error('something else failed');
    });
    expect(attempt).toThrow('something else failed');
    expect(queue.dueAtMs('note', 'kept')).toBe(noonMs + 1000);
    expect(queue.dueAtMs('note', 'not moved')).toBe(noonMs + 2000);
    expect(queue.dueAtMs('note', 'never set')).toBeUndefined();
    machine.clock.advance(minuteMs);
    expect(machine.fired).toEqual([
      { key: 'kept', atMs: noonMs + 1000 },
      { key: 'not moved', atMs: noonMs + 2000 },
    ]);
  });

  it('that is rolled back can be tried again at once', async () => {
    const machine = await startMachine();
    const { queue, db } = machine;
    queue.set('note', 'cancelled', noonMs + 1000);
    const attempt = (works: boolean) =>
      db.transaction(() => {
        queue.cancel('note', 'cancelled');
        queue.set('note', 'set', noonMs + 2000);
        if (!works) throw new Error('something else failed');
      });
    expect(attempt(false)).toThrow('something else failed');
    attempt(true)();
    expect(machine.rows()).toEqual(['set']);
    machine.clock.advance(minuteMs);
    expect(machine.keys).toEqual(['set']);
  });

  it('that commits counts, durations included', async () => {
    const machine = await startMachine();
    const { queue, db, clock } = machine;
    queue.set('note', 'cancelled', noonMs + 1000);
    db.transaction(() => {
      queue.cancel('note', 'cancelled');
      queue.setAfter('note', 'a', 10_000);
    })();
    clock.step(noonMs + dayMs);
    clock.advance(9999);
    expect(machine.keys).toEqual([]);
    clock.advance(1);
    expect(machine.keys).toEqual(['a']);
  });
});

describe('a duration', () => {
  it.each([
    ['forward', noonMs + dayMs],
    ['back', noonMs - dayMs],
  ])('is neither cut nor stretched by a clock that steps %s', async (_direction, toMs) => {
    const machine = await startMachine();
    machine.queue.setAfter('note', 'a', 10 * minuteMs);
    machine.clock.advance(5 * minuteMs);
    machine.clock.step(toMs);
    machine.clock.advance(5 * minuteMs - 1);
    expect(machine.keys).toEqual([]);
    machine.clock.advance(1);
    expect(machine.keys).toEqual(['a']);
  });

  it.each([
    ['forward', minuteMs, 1000],
    ['back', -minuteMs, 11 * minuteMs],
  ])('of a moment follows a clock that steps %s', async (_direction, byMs, firesWithinMs) => {
    const machine = await startMachine();
    const leadMs = byMs > 0 ? minuteMs : 10 * minuteMs;
    machine.queue.set('note', 'a', noonMs + leadMs);
    machine.clock.step(noonMs + byMs);
    machine.clock.advance(firesWithinMs - 1000);
    expect(machine.keys).toEqual([]);
    machine.clock.advance(1000);
    expect(machine.keys).toEqual(['a']);
  });

  it('goes by the wall clock after a restart, the time without power included', async () => {
    const machine = await startMachine();
    machine.queue.setAfter('note', 'a', 10 * minuteMs);
    await machine.restart({ startMs: noonMs + 4 * minuteMs, killed: true });
    machine.clock.advance(6 * minuteMs - 1);
    expect(machine.keys).toEqual([]);
    machine.clock.advance(1);
    expect(machine.keys).toEqual(['a']);
  });
});

describe('a boot in the past', () => {
  const epochMs = 0;

  it.each([
    ['1970', epochMs],
    ['a day ago', noonMs - dayMs],
  ])('to %s fires nothing of before until the clock passes the mark', async (_name, startMs) => {
    const machine = await startMachine();
    machine.queue.set('note', 'old', noonMs - 2 * dayMs + 1);
    machine.queue.cancel('note', 'old');
    machine.queue.set('note', 'before', noonMs + minuteMs);
    machine.queue.setAfter('note', 'duration of before', minuteMs);
    await machine.restart({ startMs, killed: true });
    expect([machine.queue.clockIsPlausible, machine.plausibleCount]).toEqual([false, 0]);
    machine.queue.setAfter('note', 'of this run', 90_000);
    machine.queue.set('note', 'a moment that has passed', startMs - minuteMs);
    machine.clock.advance(89_999);
    expect(machine.keys).toEqual([]);
    machine.clock.advance(1);
    expect(machine.keys).toEqual(['of this run']);
    machine.clock.step(noonMs + 30_000);
    machine.clock.advance(1000);
    expect([machine.queue.clockIsPlausible, machine.plausibleCount]).toEqual([true, 1]);
    expect(machine.keys).toEqual(['of this run', 'a moment that has passed']);
    machine.clock.advance(2 * minuteMs);
    expect(machine.keys.slice(2).sort()).toEqual(['before', 'duration of before']);
    expect(machine.plausibleCount).toBe(1);
  });

  it('by less than time servers correct is believed', async () => {
    const machine = await startMachine();
    await machine.restart({ startMs: noonMs - 59_000 });
    expect(machine.queue.clockIsPlausible).toBe(true);
    await machine.restart({ startMs: noonMs - 59_000 - 61_000 });
    expect(machine.queue.clockIsPlausible).toBe(false);
  });

  it('is known from the last minute of the run before, even when that was cut off', async () => {
    const machine = await startMachine();
    machine.clock.advance(dayMs);
    await machine.restart({ startMs: noonMs + dayMs - 3 * minuteMs, killed: true });
    expect(machine.queue.clockIsPlausible).toBe(false);
    machine.clock.advance(4 * minuteMs);
    expect(machine.queue.clockIsPlausible).toBe(true);
  });

  it('is known to the second from a run that was stopped', async () => {
    const machine = await startMachine();
    machine.clock.advance(90_000);
    await machine.restart({ startMs: noonMs + 29_000 });
    expect(machine.queue.clockIsPlausible).toBe(false);
  });

  it('is believed when the owner says so', async () => {
    const machine = await startMachine();
    await machine.restart({ startMs: noonMs - dayMs, trusted: true });
    expect([machine.queue.clockIsPlausible, machine.plausibleCount]).toEqual([true, 1]);
  });

  it('of a new machine waits for a time that can be true', async () => {
    const machine = await startMachine({ startMs: epochMs });
    expect(machine.plausibleCount).toBe(0);
    machine.clock.step(Date.UTC(2024, 0, 1));
    machine.clock.advance(1000);
    expect(machine.plausibleCount).toBe(1);
    machine.clock.advance(10 * minuteMs);
    expect(machine.plausibleCount).toBe(1);
  });

  it('is told of before anything fires', async () => {
    const machine = await newMachine();
    machine.queue.set('note', 'a', noonMs - 1000);
    machine.queue.onPlausible.listen(() => expect(machine.keys).toEqual([]));
    machine.queue.onPlausible.listen(() => machine.queue.set('note', 'b', noonMs - 2000));
    await machine.run();
    expect(machine.keys).toEqual(['b', 'a']);
  });

  it('does not undo a clock that was set back while the hub ran', async () => {
    const machine = await startMachine();
    machine.clock.step(noonMs - dayMs);
    machine.clock.advance(minuteMs + 1000);
    await machine.restart({ killed: true });
    expect(machine.queue.clockIsPlausible).toBe(true);
  });
});
