import { describe, expect, it } from 'vitest';
import type { ActionValue } from '#devices';
import { cutPower, native, openDesk } from './desk.ts';

const nested = (levels: number): ActionValue => {
  let value: Record<string, unknown> = { a: 1 };
  for (let level = 1; level < levels; level++) value = { a: value };
  return value as ActionValue;
};

describe('an object as value', () => {
  it.each([
    ['deeper than a stack', nested(20_000), '8 levels'],
    ['of nine levels', nested(9), '8 levels'],
    ['of more than 16 KB', { a: 'x'.repeat(16_400) }, '16 KB'],
  ])('%s is refused in words, with a key too', async (_, value, words) => {
    const desk = await openDesk();
    const refused = expect.objectContaining({ code: 'unprocessable', field: 'value' });
    expect(() => desk.send('setConfig', { value })).toThrow(refused);
    desk.send('setConfig', { value: { a: 1 }, idempotencyKey: 'k' });
    const again = () => desk.send('setConfig', { value, idempotencyKey: 'k' });
    expect(again).toThrow(refused);
    expect(again).toThrow(words);
    expect(() => desk.send('turnOn', { value })).toThrow(refused);
    expect(desk.arrivals).toHaveLength(1);
  });

  it('of 8 levels, and one of 15 KB, is taken', async () => {
    const desk = await openDesk();
    expect(desk.send('setConfig', { value: nested(8) }).status).toBe('sent');
    expect(desk.send('setConfig', { value: { a: 'x'.repeat(15_000) } }).status).toBe('sent');
  });
});

describe('cancelling while the disk takes nothing', () => {
  it.each(['at once', 'when all before is written'])('fails, %s', async (when) => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    if (when !== 'at once') desk.clock.advance(100);
    const before = desk.commands.get(id);
    const told = desk.changes.length;
    desk.db.pragma('query_only = 1');
    expect(() => desk.commands.cancel(id, 'person:owner')).toThrow(
      expect.objectContaining({ code: 'storage_failed', retryable: true }),
    );
    expect(desk.commands.get(id)).toEqual(before);
    expect(desk.changes).toHaveLength(told);
    desk.db.pragma('query_only = 0');
    desk.comes(native());
    expect(desk.arrivals).toHaveLength(1);
    expect(desk.commands.cancel(id, 'person:owner').status).toBe('cancelled');
    const again = await cutPower(desk, { line: 'away' });
    expect(again.commands.get(id).status).toBe('cancelled');
    expect(again.due.size).toBe(0);
    expect(again.auditOf('command.settle')).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('is not done from within a transaction, which might yet take it back', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    expect(desk.db.transaction(() => desk.commands.cancel(id, 'local'))).toThrow('after a commit');
    expect(desk.commands.get(id).status).toBe('queued');
  });
});

describe('a newer word', () => {
  it('leaves an older one alone that leaves nothing behind: two beeps are two beeps', async () => {
    const desk = await openDesk();
    desk.lines.set('reader', native('reader'));
    const beeps = [1, 2].map(() => desk.send('beep', { deviceId: 'reader' }).id);
    expect(desk.commands.pendingOf('reader').map(({ id }) => id)).toEqual(beeps);
    expect(desk.arrivals.map(({ body }) => body.id)).toEqual(beeps);
  });

  it('ends an older one of the same action, and says that it may have been done', async () => {
    const desk = await openDesk();
    const slow = desk.send('setFanSpeed', { value: 2 });
    const same = desk.send('setFanSpeed', { value: 2 });
    expect(desk.commands.get(slow.id)).toMatchObject({
      status: 'cancelled',
      error: `superseded by ${same.id}; it was sent; the device may have acted on it`,
    });
  });

  it('ends older settings, which no property tells of', async () => {
    const desk = await openDesk({ line: 'away' });
    const older = desk.send('setConfig', { value: { a: 1 } });
    const newer = desk.send('setConfig', { value: { b: 1 } });
    expect(desk.commands.get(older.id).error).toBe(`superseded by ${newer.id}`);
  });
});
