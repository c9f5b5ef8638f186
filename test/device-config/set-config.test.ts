import { describe, expect, it } from 'vitest';
import type { Command } from '#commands';
import { minute, startMs, Workshop } from './workshop.ts';

/** A device that is given `{auto_lock: true}` by a command of its own. */
async function carried(given: Partial<Command> = {}) {
  const workshop = await Workshop.open();
  const command = workshop.command(given);
  const tell = (news: Partial<Command>) => workshop.config.onCommand({ ...command, ...news });
  tell({});
  return { workshop, command, tell };
}

const acknowledged = (workshop: Workshop): Partial<Command> => ({
  status: 'acknowledged',
  attempts: 1,
  acknowledged_at: new Date(workshop.clock.nowMs()).toISOString(),
});

describe('a setConfig command', () => {
  it('makes a version, which is not sent beside it', async () => {
    const { workshop, tell, command } = await carried();
    expect(workshop.config.get('lock')).toMatchObject({
      desired: { version: 1, config: { auto_lock: true }, set_by: 'person:Ben' },
      in_sync: false,
    });
    tell({ status: 'sent', attempts: 1 });
    tell({ status: 'sent', attempts: 2 });
    workshop.config.onReachable('lock');
    workshop.clock.advance(6 * minute);
    expect(workshop.sent).toEqual([]);
    expect(workshop.config.history('lock')).toHaveLength(1);
    expect(workshop.db.prepare('SELECT actor, action, detail FROM audit').all()).toEqual([
      {
        actor: 'person:Ben',
        action: 'config.set',
        detail: JSON.stringify({ version: 1, command_id: command.id }),
      },
    ]);
  });

  it.each(['acknowledged', 'confirmed'] as const)(
    'is what the device took once %s',
    async (status) => {
      const { workshop, tell } = await carried();
      workshop.clock.advance(1000);
      tell({ ...acknowledged(workshop), status });
      expect(workshop.config.get('lock')).toMatchObject({
        reported: null,
        taken: { version: 1, at: new Date(startMs + 1000).toISOString() },
        in_sync: true,
      });
      expect(workshop.sent).toEqual([]);
      // What was heard is heard once: a later word of the device itself counts more.
      workshop.config.onStatus({ deviceId: 'lock', values: { config_version: 0 } });
      tell({ ...acknowledged(workshop), status: 'confirmed' });
      expect(workshop.config.get('lock')).toMatchObject({
        reported: { version: 0 },
        taken: { version: 1 },
        in_sync: false,
      });
    },
  );

  it('is sent once more to a device that says which version it has, until it says so', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.config.onStatus({ deviceId: 'lock', values: { config_version: 1 } });
    const command = workshop.command({ value: { a: 2 } });
    workshop.config.onCommand(command);
    workshop.config.onCommand({ ...command, ...acknowledged(workshop) });
    expect(workshop.config.get('lock')).toMatchObject({
      desired: { version: 2 },
      reported: { version: 1 },
      taken: { version: 2 },
      in_sync: false,
    });
    expect(workshop.versions()).toEqual([1, 2]);
    workshop.config.onOtherAck({ deviceId: 'lock', id: 'config-2', ok: true });
    expect(workshop.config.get('lock')).toMatchObject({ reported: { version: 2 }, in_sync: true });
  });

  it('is known to be taken after a power cut', async () => {
    const { workshop, tell } = await carried();
    tell(acknowledged(workshop));
    await workshop.restart();
    expect(workshop.config.get('lock')).toMatchObject({ taken: { version: 1 }, in_sync: true });
    expect(workshop.config.numbers()).toEqual({ waiting: 0 });
  });

  it('that is rejected leaves a problem', async () => {
    const { workshop, tell } = await carried();
    tell({ status: 'rejected', attempts: 1, error: 'auto_lock: no such key' });
    expect(workshop.config.get('lock').problem).toBe('auto_lock: no such key');
    workshop.clock.advance(30 * minute);
    expect(workshop.sent).toEqual([]);
  });

  it.each(['expired', 'timed_out'] as const)('that is %s leaves it to be sent', async (status) => {
    const { workshop, tell } = await carried();
    tell({ status, attempts: 3 });
    expect(workshop.versions()).toEqual([1]);
    workshop.clock.advance(15 * minute);
    expect(workshop.versions().length).toBeGreaterThan(1);
    tell({ ...acknowledged(workshop), status });
    expect(workshop.config.get('lock').in_sync).toBe(true);
  });

  it('that is cancelled takes its version back, until it is set again', async () => {
    const { workshop, tell } = await carried();
    tell({ status: 'cancelled' });
    expect(workshop.config.get('lock').problem).toBe('the command that set it was cancelled');
    await workshop.restart(0, true);
    workshop.config.onReachable('lock');
    workshop.clock.advance(30 * minute);
    expect(workshop.sent).toEqual([]);
    expect(workshop.set({ auto_lock: true })).toMatchObject({
      desired: { version: 1 },
      problem: null,
    });
    expect(workshop.versions()).toEqual([1]);
  });

  it('that a newer one took the place of changes nothing of it', async () => {
    const { workshop, tell } = await carried();
    const newer = workshop.command({ value: { auto_lock: false } });
    workshop.config.onCommand(newer);
    tell({ status: 'cancelled', error: `superseded by ${newer.id}` });
    tell({ status: 'sent', attempts: 1 });
    expect(workshop.config.get('lock')).toMatchObject({ desired: { version: 2 }, problem: null });
    workshop.config.onCommand({ ...newer, ...acknowledged(workshop) });
    expect(workshop.config.get('lock')).toMatchObject({ in_sync: true });
  });

  it('that a newer one of the same document took the place of changes nothing of it', async () => {
    const { workshop, tell } = await carried();
    const newer = workshop.command({});
    workshop.config.onCommand(newer);
    tell({ status: 'cancelled', error: `superseded by ${newer.id}` });
    expect(workshop.config.get('lock')).toMatchObject({ desired: { version: 1 }, problem: null });
    workshop.config.onCommand({ ...newer, status: 'timed_out', attempts: 3 });
    expect(workshop.versions()).toEqual([1]);
  });

  it.each([
    [1, { auto_lock: true }],
    [2, { auto_lock: false }],
  ])(
    'that is called off just before a newer one leaves version %d desired',
    async (version, value) => {
      const { workshop, tell } = await carried();
      const newer = workshop.command({ value });
      tell({ status: 'cancelled', error: `superseded by ${newer.id}` });
      workshop.config.onCommand(newer);
      expect(workshop.config.get('lock')).toMatchObject({ desired: { version }, problem: null });
      workshop.config.onCommand({ ...newer, status: 'timed_out', attempts: 3 });
      expect(workshop.versions()).toEqual([version]);
    },
  );

  it('of the document that is desired already is no new version', async () => {
    const workshop = await Workshop.open();
    workshop.set({ auto_lock: true });
    const command = workshop.command({});
    workshop.config.onCommand(command);
    workshop.config.onReachable('lock');
    expect(workshop.versions()).toEqual([1]);
    // The version was desired before the command: taking the command back does not take it back.
    workshop.config.onCommand({ ...command, status: 'cancelled' });
    expect(workshop.versions()).toEqual([1, 1]);
    workshop.set({ auto_lock: false });
    workshop.config.onCommand({ ...command, status: 'sent', attempts: 1 });
    expect(workshop.config.get('lock').desired?.version).toBe(2);
  });

  it('that brings an older version is followed by the newer one', async () => {
    const { workshop, tell } = await carried();
    workshop.set({ auto_lock: false });
    expect(workshop.versions()).toEqual([2]);
    workshop.config.onStatus({ deviceId: 'lock', values: { config_version: 2 } });
    tell(acknowledged(workshop));
    expect(workshop.config.get('lock')).toMatchObject({
      desired: { version: 2 },
      reported: { version: 2 },
      taken: { version: 1 },
    });
    expect(workshop.versions()).toEqual([2, 2]);
  });

  it('is under way over a restart, but no longer than it may be acted upon', async () => {
    const { workshop, tell } = await carried();
    await workshop.restart(minute);
    workshop.config.onReachable('lock');
    tell({ status: 'sent', attempts: 1 });
    expect(workshop.sent).toEqual([]);
    expect(workshop.config.history('lock')).toHaveLength(1);
    workshop.clock.advance(9 * minute);
    expect(workshop.versions()).toEqual([1]);
  });

  it('is settled over a restart', async () => {
    const { workshop, tell } = await carried();
    await workshop.restart(minute);
    tell(acknowledged(workshop));
    expect(workshop.config.get('lock').in_sync).toBe(true);
    await workshop.restart(minute, true);
    expect(workshop.config.get('lock').in_sync).toBe(true);
    workshop.config.onReachable('lock');
    expect(workshop.sent).toEqual([]);
  });

  it.each([
    ['another action', { action: 'turnOn', value: null }],
    ['no document', { value: 'fast' }],
    ['a list', { value: [] as never }],
    ['too much', { value: { a: 'x'.repeat(20_000) } }],
    ['another device', { device_id: 'other' }],
    ['an old one', { status: 'acknowledged' }],
  ] as const)('is not one: %s', async (_, given) => {
    const { workshop } = await carried(given);
    expect(workshop.config.get('lock').desired).toBeNull();
  });
});
