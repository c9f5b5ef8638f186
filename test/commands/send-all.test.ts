import { expect, it } from 'vitest';
import type { CommandRequest } from '#commands';
import { HearthError } from '#kernel';
import { type Desk, native, openDesk } from './desk.ts';

const asked = (action: string, more: Partial<CommandRequest> = {}): CommandRequest => ({
  deviceId: 'fan',
  action,
  source: 'scene',
  requestedBy: 'person:Anna',
  ...more,
});

/** What came of each: a status, or the code of the error. */
const sendAll = (desk: Desk, requests: readonly CommandRequest[]): string[] =>
  desk.commands
    .sendAll(requests)
    .map((result) => (result instanceof HearthError ? result.code : result.status));

it('writes all of them down together, and sends them after that', async () => {
  const written: unknown[] = [];
  const desk = await openDesk({
    onSend: () => written.push(desk.db.prepare('SELECT count(*) AS n FROM commands').pluck().get()),
  });
  desk.lines.set('plug', { topic: 'smartplug/plug/control' });
  let transactions = 0;
  const { transaction } = desk.db;
  desk.db.transaction = ((work: () => void) => {
    // One inside another is a savepoint, which costs no sync.
    if (!desk.db.inTransaction) transactions += 1;
    return transaction.call(desk.db, work);
  }) as typeof transaction;
  const requests = [
    asked('setFanSpeed', { value: 3 }),
    asked('relay_on', { deviceId: 'plug' }),
    asked('setConfig', { value: { a: 1 } }),
  ];
  expect(sendAll(desk, requests)).toEqual(['sent', 'sent', 'sent']);
  expect(transactions).toBe(1);
  expect(written).toEqual([3, 3, 3]);
  expect(desk.auditOf('command.create')).toHaveLength(3);
  expect(desk.due.size).toBe(3);
  expect(
    desk.arrivals.map(({ deviceId, body }) => `${deviceId} ${body.action ?? body.command}`),
  ).toEqual(['fan setFanSpeed', 'plug relay_on', 'fan setConfig']);
});

it('lets none of them stand in the way of another', async () => {
  const desk = await openDesk();
  desk.states.set('plug', 'disabled');
  const requests = [
    asked('fly'),
    asked('turnOn'),
    asked('relay_on', { deviceId: 'nobody' }),
    asked('relay_on', { deviceId: 'plug' }),
    asked('setFanSpeed', { value: 9 }),
    asked('beep', { deviceId: 'reader' }),
  ];
  expect(sendAll(desk, requests)).toEqual([
    'unprocessable',
    'sent',
    'not_found',
    'conflict',
    'unprocessable',
    'queued',
  ]);
  expect(desk.commands.list({ limit: 10 })).toHaveLength(2);
});

it('lets the later word count, of those that were there and of its own', async () => {
  const desk = await openDesk();
  const older = desk.send('setFanSpeed', { value: 1 });
  const [first, second] = desk.commands.sendAll([
    asked('setFanSpeed', { value: 2 }),
    asked('setFanSpeed', { value: 3 }),
  ]);
  if (first === undefined || first instanceof HearthError) throw first;
  if (second === undefined || second instanceof HearthError) throw second;
  expect(desk.commands.get(older.id).error).toContain(`superseded by ${first.id}`);
  expect(desk.commands.get(first.id)).toMatchObject({
    status: 'cancelled',
    error: `superseded by ${second.id}`,
  });
  expect(second.status).toBe('sent');
  expect(desk.arrivals.map(({ body }) => body.value)).toEqual([1, 3]);
  expect(desk.historyOf(first.id)).toEqual(['created', `cancelled superseded by ${second.id}`]);
  desk.clock.advance(300_000);
  expect(desk.arrivals.map(({ body }) => body.value)).toEqual([1, 3, 3, 3]);
});

it('is bounded by what may wait for a device, its own included', async () => {
  const desk = await openDesk({ line: 'away' });
  const requests = Array.from({ length: 52 }, () => asked('beep', { deviceId: 'reader' }));
  const results = sendAll(desk, requests);
  expect(new Set(results.slice(0, 50))).toEqual(new Set(['queued']));
  expect(results.slice(50)).toEqual(['too_many_requests', 'too_many_requests']);
});

it('finds what a key stands for, in what is asked with it too', async () => {
  const desk = await openDesk();
  const on = asked('turnOn', { idempotencyKey: 'k' });
  const off = asked('turnOff', { idempotencyKey: 'k' });
  const [first, again, other] = desk.commands.sendAll([on, on, off]);
  expect(again).toEqual(first);
  expect(other).toMatchObject({ code: 'conflict' });
  expect(desk.commands.sendAll([on])).toEqual([first]);
  expect(desk.arrivals).toHaveLength(1);
});

it('sends none of them when they cannot be written down', async () => {
  const desk = await openDesk();
  desk.db.exec('DROP TABLE command_history');
  expect(sendAll(desk, [asked('turnOn'), asked('fly')])).toEqual([
    'storage_failed',
    'unprocessable',
  ]);
  expect(desk.arrivals).toEqual([]);
  expect(desk.commands.pendingOf('fan')).toEqual([]);
  desk.comes(native());
  expect(desk.arrivals).toEqual([]);
});

it('of nothing is nothing', async () => {
  expect(sendAll(await openDesk(), [])).toEqual([]);
});
