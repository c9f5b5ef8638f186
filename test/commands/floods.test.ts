import { describe, expect, it } from 'vitest';
import { type Desk, openDesk, restart } from './desk.ts';

/** How often something was committed since. */
function countCommits(desk: Desk): () => number {
  let count = 0;
  const original = desk.db.transaction.bind(desk.db);
  desk.db.transaction = ((work: () => void) => {
    count += 1;
    return original(work);
  }) as typeof desk.db.transaction;
  return () => count;
}

describe('a fan on its way to another speed', () => {
  async function ramping(): Promise<{ desk: Desk; id: string }> {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(100);
    return { desk, id };
  }

  it('contradicts once, and then is told every ten seconds', async () => {
    const { desk, id } = await ramping();
    const told = desk.changes.length;
    const commits = countCommits(desk);
    for (let i = 0; i < 1000; i++) {
      desk.clock.advance(50);
      desk.reading({ fanSpeed: 10 + i });
    }
    const error = 'the device reports fanSpeed 1009 instead of 3';
    expect(desk.commands.get(id).error).toBe(error);
    expect(desk.changes.length - told).toBeLessThanOrEqual(6);
    expect(commits()).toBeLessThanOrEqual(8);
    expect(desk.historyOf(id).slice(3)).toEqual([
      'contradicted the device reports fanSpeed 10 instead of 3',
    ]);
    desk.clock.advance(10_050);
    expect(desk.changes.at(-1)?.error).toBe(error);
    expect(desk.db.prepare('SELECT error FROM commands').get()).toEqual({ error });
  });

  it('is told of each property that is not as it should be', async () => {
    const { desk, id } = await ramping();
    desk.clock.advance(50);
    desk.reading({ powerOn: false });
    for (let i = 0; i < 20; i++) {
      desk.clock.advance(50);
      desk.reading({ powerOn: true, fanSpeed: 5 + i });
      desk.reading({ powerOn: false, fanSpeed: 3 });
    }
    expect(desk.historyOf(id).slice(3)).toEqual([
      'contradicted the device reports powerOn false instead of true',
      'contradicted the device reports fanSpeed 5 instead of 3',
    ]);
  });

  it('that arrives is confirmed at once, and that is the last word', async () => {
    const { desk, id } = await ramping();
    for (const fanSpeed of [1, 2, 3]) {
      desk.clock.advance(50);
      desk.reading({ fanSpeed, powerOn: true });
    }
    expect(desk.changes.at(-1)).toMatchObject({ status: 'confirmed', error: null });
    const told = desk.changes.length;
    desk.clock.advance(20_000);
    expect(desk.changes).toHaveLength(told);
    expect(desk.commands.get(id).status).toBe('confirmed');
  });

  it('is on disk as it was last seen when the hub stops', async () => {
    const { desk, id } = await ramping();
    for (const fanSpeed of [1, 2]) {
      desk.clock.advance(50);
      desk.reading({ fanSpeed });
    }
    const again = await restart(desk);
    expect(again.commands.get(id).error).toBe('the device reports fanSpeed 2 instead of 3');
  });

  it('that is removed meanwhile is not told of', async () => {
    const { desk } = await ramping();
    for (const fanSpeed of [1, 2]) {
      desk.clock.advance(50);
      desk.reading({ fanSpeed });
    }
    desk.db.exec("DELETE FROM devices WHERE id = 'fan'");
    desk.commands.forget('fan');
    const told = desk.changes.length;
    desk.clock.advance(20_000);
    expect(desk.changes).toHaveLength(told);
  });
});

describe('a device that answers for ever', () => {
  it.each(['confirmed', 'acknowledged', 'rejected', 'timed_out', 'cancelled'])(
    'what is %s costs one commit more',
    async (status) => {
      const desk = await openDesk();
      const { id } = desk.send('turnOn');
      if (status === 'cancelled') desk.commands.cancel(id, 'local');
      else if (status === 'timed_out') desk.clock.advance(90_000);
      else if (status === 'rejected') desk.answer({ id, status: 'error' });
      else if (status === 'acknowledged') desk.answer({ id, status: 'ok' });
      else desk.answer({ id, status: 'ok', state: { powerOn: true } });
      desk.clock.advance(100);
      expect(desk.commands.get(id).status).toBe(status);
      // The late answer, and one again.
      for (const _ of [1, 2]) {
        desk.answer({ id, status: 'ok' });
        desk.clock.advance(60_000);
      }
      const commits = countCommits(desk);
      const before = { told: desk.changes.length, history: desk.historyOf(id) };
      for (let i = 0; i < 200; i++) {
        const written = desk.answer({ id, status: i % 2 ? 'ok' : 'error', message: `m${i}` });
        desk.clock.advance(50);
        await written;
      }
      // Metrics are written by nobody here: what is left is what looks at old commands.
      expect(commits()).toBeLessThanOrEqual(
        status === 'timed_out' || status === 'cancelled' ? 2 : 0,
      );
      expect(desk.changes.length - before.told).toBeLessThanOrEqual(1);
      expect(desk.historyOf(id).length - before.history.length).toBeLessThanOrEqual(2);
      expect(desk.commands.numbers().repeated_answers).toBeGreaterThanOrEqual(199);
    },
  );

  it('goes on after a restart, and costs nothing then either', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    for (const _ of [1, 2]) {
      desk.answer({ id, status: 'ok', state: { powerOn: true } });
      desk.clock.advance(100);
    }
    const again = await restart(desk);
    const commits = countCommits(again);
    for (let i = 0; i < 50; i++) {
      expect(again.answer({ id, status: 'ok' })).toBeUndefined();
      again.clock.advance(50);
    }
    expect(commits()).toBe(0);
    expect(again.historyOf(id).at(-1)).toBe('acknowledged again');
  });
});
