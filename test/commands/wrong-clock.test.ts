import { describe, expect, it } from 'vitest';
import { cutPower, type Desk, type DeskOptions, native, openDesk, startMs } from './desk.ts';

const hourMs = 3_600_000;

/** A desk whose commands hear of the clock as the hub's do. */
async function boot(before: Desk, options: DeskOptions): Promise<Desk> {
  const desk = await cutPower(before, { line: 'away', ...options });
  desk.due.onPlausible.listen(() => desk.commands.onClockBelieved());
  return desk;
}

/** An evening on which a command waits for its device, and then the power goes. */
async function evening(expiresInMs: number | undefined): Promise<{ desk: Desk; id: string }> {
  const desk = await openDesk({ line: 'away' });
  const { id } = desk.send('turnOn', { expiresInMs });
  desk.clock.advance(10_000);
  return { desk, id };
}

describe.each([
  ['without a battery', Date.UTC(1970, 0, 1)],
  ['with the time of its last shutdown', startMs - 600_000],
])('a machine that boots %s', (_, bootMs) => {
  it.each([[600_000], [undefined]])(
    'sends nothing of before while its clock is wrong (expiresIn %s)',
    async (expiresInMs) => {
      const { desk, id } = await evening(expiresInMs);
      const again = await boot(desk, { startMs: bootMs });
      expect(again.due.clockIsPlausible).toBe(false);
      again.comes(native());
      again.clock.advance(120_000);
      expect(again.arrivals).toEqual([]);
      again.clock.step(startMs + 3 * hourMs);
      again.clock.advance(2000);
      expect(again.arrivals).toEqual([]);
      expect(again.commands.get(id).status).toBe('expired');
    },
  );

  it('sends what still lives once its clock is right, in order, once', async () => {
    const { desk, id } = await evening(24 * hourMs);
    const second = desk.send('setConfig', { value: { a: 1 }, expiresInMs: 24 * hourMs });
    const over = desk.send('setFanSpeed', { value: 4, expiresInMs: hourMs });
    desk.clock.advance(100);
    const again = await boot(desk, { startMs: bootMs });
    again.comes(native());
    again.commands.onReachable('fan');
    again.clock.advance(5000);
    expect(again.arrivals).toEqual([]);
    again.clock.step(startMs + 3 * hourMs);
    again.clock.advance(1000);
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([id, second.id]);
    expect(again.commands.get(over.id).status).toBe('expired');
    again.comes(native());
    expect(again.arrivals).toHaveLength(2);
  });

  it('sends what is asked for meanwhile at once', async () => {
    const { desk, id } = await evening(24 * hourMs);
    const again = await boot(desk, { startMs: bootMs });
    const now = again.send('setConfig', { value: { a: 1 } });
    again.comes(native());
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([now.id]);
    const newer = again.send('turnOff');
    expect(again.commands.get(id)).toMatchObject({ status: 'cancelled' });
    again.clock.step(startMs + 3 * hourMs);
    again.clock.advance(1000);
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([now.id, newer.id]);
  });

  it.each([[600_000], [undefined]])(
    'does not send what fell out of the queue either (expiresIn %s)',
    async (expiresInMs) => {
      const { desk, id } = await evening(expiresInMs);
      desk.db.exec('DELETE FROM due');
      const again = await boot(desk, { startMs: bootMs });
      again.comes(native());
      again.clock.advance(60_000);
      expect(again.arrivals).toEqual([]);
      again.clock.step(startMs + 3 * hourMs);
      again.clock.advance(1000);
      expect(again.arrivals).toEqual([]);
      expect(again.commands.get(id).status).toBe('expired');
    },
  );

  it('lets a device answer what it was sent before', async () => {
    const { desk, id } = await evening(24 * hourMs);
    const again = await boot(desk, { startMs: bootMs });
    again.answer({ id, status: 'ok' });
    again.comes(native());
    again.clock.step(startMs + 3 * hourMs);
    again.clock.advance(1000);
    expect(again.commands.get(id).status).toBe('acknowledged');
    expect(again.arrivals).toEqual([]);
  });
});

it('what an override or a schedule takes back when the clock is right is not sent', async () => {
  const { desk, id } = await evening(24 * hourMs);
  desk.due.set('an end', 'of something', startMs + hourMs);
  const later: { desk?: Desk } = {};
  const again = await cutPower(desk, {
    startMs: Date.UTC(1970, 0, 1),
    line: 'away',
    onDue: ['an end', () => later.desk?.send('turnOff')],
  });
  later.desk = again;
  again.due.onPlausible.listen(() => again.commands.onClockBelieved());
  again.comes(native());
  again.clock.step(startMs + 3 * hourMs);
  again.clock.advance(1000);
  expect(again.arrivals.map(({ body }) => body.action)).toEqual(['turnOff']);
  expect(again.commands.get(id).status).toBe('cancelled');
});

it('a boot with a right clock writes nothing that nobody needs', async () => {
  const { desk } = await evening(24 * hourMs);
  const again = await boot(desk, { startMs: startMs + hourMs });
  again.commands.onClockBelieved();
  expect(again.due.dueAtMs('command.return', '')).toBeUndefined();
  again.comes(native());
  expect(again.arrivals).toHaveLength(1);
});
