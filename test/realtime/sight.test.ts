import { describe, expect, it } from 'vitest';
import type { ShareAccess } from '#auth';
import { openStage, type Screen } from './stage.ts';

const hourMs = 3_600_000;
const by = { actor: 'local' };

/** A home with a lamp in the hall and a plug, and a guest with whom nothing is shared yet. */
async function visit() {
  const stage = await openStage();
  const { devices, guest, screen, shares, sample, realtime, clock } = stage;
  devices.rooms.create({ name: 'Hall' });
  devices.create({ id: 'lamp', room: 'hall' });
  devices.create({ id: 'plug' });
  const person = guest();
  const share = (id: string, access: ShareAccess = 'read', untilMs?: number) =>
    shares.give({ personId: person.id, target: { kind: 'device', id }, access, untilMs }, by);
  const shareRoom = (id: string) =>
    shares.give(
      { personId: person.id, target: { kind: 'room', id }, access: 'read', untilMs: undefined },
      by,
    );
  /** Something happens to every device, in every way there is. */
  const happen = (mark: number) => {
    for (const id of ['lamp', 'plug']) {
      sample(id, { power: mark }, clock.nowMs() + mark);
      devices.update(id, { description: `${mark}` });
      const command = { id: `command-${mark}-${id}`, device_id: id, status: 'queued' };
      realtime.announce({ type: 'command', command });
      realtime.announce({ type: 'override', override: { id: `o-${id}`, device_id: id } });
      realtime.announce({ type: 'config', config: { device_id: id } });
      realtime.announce({ type: 'alert', alert: { id: `a-${id}`, device_id: id } });
      const schedule = { id: `s-${id}`, device_id: id };
      realtime.announce({ type: 'schedule', change: 'updated', schedule });
    }
    realtime.announce({ type: 'group', change: 'updated', id: 'both' }, ['lamp', 'plug']);
    realtime.announce({ type: 'group', change: 'updated', id: 'none' }, []);
    realtime.announce({ type: 'scene', change: 'updated', id: 'unsaid' });
    realtime.announce({ type: 'alert', alert: { id: 'a-plug-of-the-hub', device_id: null } });
    clock.advance(100);
  };
  const watch = async (): Promise<Screen> => {
    const one = await screen(person);
    await one.next();
    one.say({ type: 'subscribe', devices: ['*'] });
    await one.next();
    return one;
  };
  return { ...stage, person, share, shareRoom, happen, watch };
}

/** All that was said up to now, as text. */
async function heardBy(one: Screen): Promise<string[]> {
  one.say({ type: 'ping' });
  const heard: string[] = [];
  for (;;) {
    const message = await one.next();
    if (message.type === 'pong') return heard;
    heard.push(JSON.stringify(message));
  }
}

describe('a guest', () => {
  it('is welcomed with what is shared, and told what of it they may control', async () => {
    const { screen, person, share } = await visit();
    expect(await (await screen(person)).next()).toMatchObject({ devices: [], controls: [] });
    share('lamp', 'control');
    expect(await (await screen(person)).next()).toMatchObject({
      devices: [{ id: 'lamp' }],
      controls: ['lamp'],
    });
  });

  it('hears of what is shared, and not a word of anything else', async () => {
    const { share, happen, watch } = await visit();
    share('lamp');
    const one = await watch();
    happen(1);
    const heard = await heardBy(one);
    expect(heard.map((text) => (JSON.parse(text) as { type: string }).type).sort()).toEqual([
      'alert',
      'command',
      'config',
      'device',
      'override',
      'schedule',
      'telemetry',
    ]);
    for (const text of heard) {
      expect(text).toContain('lamp');
      expect(text).not.toContain('plug');
    }
  });

  it('cannot subscribe to what is not shared, nor learn that it is there', async () => {
    const { share, watch } = await visit();
    share('lamp');
    const one = await watch();
    const answerTo = async (id: string) => {
      one.say({ type: 'subscribe', devices: [id] });
      return JSON.stringify(await one.next()).replaceAll(id, 'ID');
    };
    expect(await answerTo('plug')).toBe(await answerTo('nothing'));
    expect(await answerTo('lamp')).toContain('subscribed');
  });

  it('sees at once what is shared while they watch, and loses what is not any more', async () => {
    const { share, shares, happen, watch, clock } = await visit();
    const one = await watch();
    happen(1);
    expect(await heardBy(one)).toEqual([]);
    const { id } = share('plug');
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [{ id: 'plug' }] });
    happen(2);
    expect((await heardBy(one)).join()).toContain('command-2-plug');
    shares.end(id, by);
    happen(3);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [] });
    expect(await heardBy(one)).toEqual([]);
  });

  it('hears nothing from the moment on at which a share ends by itself', async () => {
    const { share, sample, watch, clock } = await visit();
    share('plug', 'read', clock.nowMs() + hourMs);
    const one = await watch();
    clock.step(clock.nowMs() + hourMs - 1);
    sample('plug', { power: 1 });
    // It was still theirs when it came, and is not when it would be sent.
    clock.step(clock.nowMs() + 1);
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [] });
    expect(await heardBy(one)).toEqual([]);
  });

  it('is told that a share has ended by itself, though nothing else happens', async () => {
    const { share, watch, clock } = await visit();
    share('plug', 'read', clock.nowMs() + 30_000);
    const one = await watch();
    for (let i = 0; i < 6; i++) {
      clock.advance(10_000);
      one.far.emit('pong', Buffer.alloc(0));
    }
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [] });
  });

  it('sees a device come into a shared room and leave it', async () => {
    const { shareRoom, devices, watch, clock } = await visit();
    shareRoom('hall');
    const one = await watch();
    devices.update('plug', { room: 'hall' });
    clock.advance(100);
    expect(await one.next()).toMatchObject({ devices: [{ id: 'lamp' }, { id: 'plug' }] });
    devices.update('lamp', { room: null });
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [{ id: 'plug' }] });
    devices.remove('plug');
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', devices: [] });
  });

  it('is told the value of a setting with control alone', async () => {
    const { share, realtime, watch, clock } = await visit();
    const value = { wifi_password: 'hunter2' };
    const command = { id: 'c', device_id: 'lamp', status: 'sent', value };
    share('lamp', 'read');
    const one = await watch();
    realtime.announce({ type: 'command', command });
    clock.advance(100);
    expect(await one.next()).toMatchObject({ command: { value: null, value_hidden: true } });
    share('lamp', 'control');
    clock.advance(100);
    expect(await one.next()).toMatchObject({ type: 'welcome', controls: ['lamp'] });
    realtime.announce({ type: 'command', command });
    clock.advance(100);
    expect(await one.next()).toMatchObject({ command: { value } });
  });

  it.each([
    ['person', (id: string) => id],
    ['session', (_: string, sessionId: string) => sessionId],
  ] as const)('is shown out when their %s is not let in any more', async (kind, idOf) => {
    const { person, auth, watch } = await visit();
    const one = await watch();
    auth.onRevoked.emit({ kind, id: 'another', name: 'another' });
    expect(one.far.readyState).toBe(one.far.OPEN);
    auth.onRevoked.emit({ kind, id: idOf(person.id, person.sessionId), name: person.name });
    expect(await one.closed).toMatchObject({ code: 1008 });
  });
});

it.each([[['telemetry.read']], [['devices.read']], [[]]] as const)(
  'shows nobody in whose token may only %j',
  async (scopes) => {
    const { screen } = await openStage();
    const one = await screen({ kind: 'token', id: 't', name: 't', role: 'service', scopes });
    expect(await one.closed).toMatchObject({ code: 1008 });
  },
);
