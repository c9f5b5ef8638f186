import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Role, type ShareAccess, Shares, type SharesOptions } from '#auth';
import { silentLog } from '#kernel';
import { accessBy } from '../../src/auth/sharing/running.ts';
import type { NewShare, Share } from '../../src/auth/sharing/types.ts';
import { type Home, openHome, startMs } from '../devices/home.ts';

const hourMs = 3_600_000;
const by = { actor: 'person:Olive', origin: '192.168.1.7' };

/** A home with two rooms, three devices and a guest. */
async function homeWithGuest(options: Partial<SharesOptions> = {}) {
  const home = await openHome();
  const { devices } = home;
  for (const name of ['Hall', 'Attic']) devices.rooms.create({ name });
  devices.create({ id: 'lamp', room: 'hall' });
  devices.create({ id: 'plug', room: 'hall' });
  devices.create({ id: 'fan' });
  const gus = personIn(home, 'guest');
  return { ...home, gus, shares: sharesOf(home, options) };
}

const personIn = ({ auth }: Home, role: Exclude<Role, 'service'>, name = 'Gus'): string =>
  auth.people.add({ name, email: `${name}-${role}@home.example`, role }).id;

const sharesOf = (home: Home, options: Partial<SharesOptions> = {}): Shares => {
  const { auth, db, clock, audit, devices } = home;
  return new Shares({
    db,
    clock,
    audit,
    devices,
    people: auth.people,
    log: silentLog,
    ...options,
  });
};

const of = (
  personId: string,
  kind: 'device' | 'room',
  id: string,
  access: ShareAccess = 'read',
  untilMs?: number,
): NewShare => ({ personId, target: { kind, id }, access, untilMs });

describe('what is shared', () => {
  it('is seen, and controlled when it is for that', async () => {
    const { shares, gus } = await homeWithGuest();
    expect(shares.devicesOf(gus)).toEqual([]);
    shares.give(of(gus, 'device', 'fan', 'control'), by);
    shares.give(of(gus, 'room', 'hall'), by);
    expect(['fan', 'lamp', 'plug', 'nothing'].map((id) => shares.accessTo(gus, id))).toEqual([
      'control',
      'read',
      'read',
      undefined,
    ]);
    expect(shares.devicesOf(gus)).toEqual(['fan', 'lamp', 'plug']);
    expect(shares.accessTo('another', 'fan')).toBeUndefined();
  });

  it('is what stands in a room at the time', async () => {
    const { shares, gus, devices } = await homeWithGuest();
    shares.give(of(gus, 'room', 'attic'), by);
    expect(shares.devicesOf(gus)).toEqual([]);
    devices.update('lamp', { room: 'attic' });
    expect(shares.accessTo(gus, 'lamp')).toBe('read');
    devices.update('lamp', { room: null });
    expect(shares.accessTo(gus, 'lamp')).toBeUndefined();
  });

  it('ends at its moment, and not a millisecond before', async () => {
    const { shares, gus, clock } = await homeWithGuest();
    const { id } = shares.give(of(gus, 'device', 'fan', 'control', startMs + hourMs), by);
    clock.step(startMs + hourMs - 1);
    expect(shares.accessTo(gus, 'fan')).toBe('control');
    clock.step(startMs + hourMs);
    expect(shares.accessTo(gus, 'fan')).toBeUndefined();
    expect(shares.devicesOf(gus)).toEqual([]);
    expect(shares.list()).toEqual([]);
    expect(() => shares.get(id)).toThrow('there is no share');
  });

  it('is given anew by giving it again', async () => {
    const { shares, gus } = await homeWithGuest();
    shares.give(of(gus, 'device', 'fan', 'control'), by);
    const again = shares.give(of(gus, 'device', 'fan', 'read', startMs + hourMs), by);
    expect(shares.list()).toEqual([again]);
    expect(shares.accessTo(gus, 'fan')).toBe('read');
  });

  it('is there after a restart, and what ended meanwhile is not', async () => {
    const home = await homeWithGuest();
    const { shares, gus, clock, audit } = home;
    shares.give(of(gus, 'device', 'fan', 'control'), by);
    shares.give(of(gus, 'room', 'hall', 'read', startMs + hourMs), by);
    clock.step(startMs + 2 * hourMs);
    const later = sharesOf(home);
    expect(later.devicesOf(gus)).toEqual(['fan']);
    await later.start();
    await later.stop();
    expect(sharesOf(home).list()).toMatchObject([{ target: { id: 'fan' } }]);
    expect(audit.list({ action: 'share.end', limit: 9 })).toMatchObject([
      { actor: 'hub', outcome: 'expired', detail: { room: 'hall' } },
    ]);
  });

  it('does not come back with a clock that has lost its battery', async () => {
    let markMs = 0;
    const { shares, gus, clock } = await homeWithGuest({ notBeforeMs: () => markMs });
    shares.give(of(gus, 'device', 'fan', 'read', startMs + hourMs), by);
    shares.give(of(gus, 'device', 'lamp', 'read', startMs + 3 * hourMs), by);
    markMs = startMs + 2 * hourMs;
    clock.step(Date.UTC(1970, 0, 1));
    // What had not ended when the hub last ran runs on until the clock is right.
    expect(shares.devicesOf(gus)).toEqual(['lamp']);
  });

  it('goes with its person, its device and its room', async () => {
    const home = await homeWithGuest();
    const { shares, gus, auth, devices } = home;
    devices.onRemoved.listen((id) => shares.onDeviceRemoved(id));
    devices.onRoomRemoved.listen((id) => shares.onRoomRemoved(id));
    auth.people.onChange.listen(({ change, person }) => {
      if (change === 'removed') shares.onPersonRemoved(person.id);
    });
    shares.give(of(gus, 'device', 'fan'), by);
    shares.give(of(gus, 'room', 'hall'), by);
    devices.remove('fan');
    devices.create({ id: 'fan' });
    expect(shares.accessTo(gus, 'fan')).toBeUndefined();
    devices.rooms.remove('hall');
    devices.rooms.create({ name: 'Hall' });
    devices.update('lamp', { room: 'hall' });
    expect(shares.devicesOf(gus)).toEqual([]);
    shares.give(of(gus, 'device', 'lamp'), by);
    const person = auth.people.get(gus);
    if (person) auth.people.remove(person);
    expect(shares.list()).toEqual([]);
    expect(sharesOf(home).list()).toEqual([]);
  });

  it('is told to whoever shows it', async () => {
    const { shares, gus, clock } = await homeWithGuest();
    const told: string[] = [];
    shares.onChange.listen(({ personId }) => told.push(personId));
    await shares.start();
    const { id } = shares.give(of(gus, 'device', 'fan'), by);
    shares.end(id, by);
    shares.give(of(gus, 'device', 'fan', 'read', startMs + 1000), by);
    expect(told).toEqual([gus, gus, gus]);
    clock.advance(60_000);
    expect(told).toHaveLength(4);
    await shares.stop();
  });

  it('is in the audit: who gave and ended what', async () => {
    const { shares, gus, audit } = await homeWithGuest();
    const { id } = shares.give(of(gus, 'device', 'fan', 'control', startMs + hourMs), by);
    shares.end(id, by);
    const until = new Date(startMs + hourMs).toISOString();
    const detail = { share_id: id, device_id: 'fan', access: 'control', until };
    const row = { actor: 'person:Olive', subject: `person:${gus}`, origin: '192.168.1.7', detail };
    expect(audit.list({ subject: `person:${gus}`, limit: 9 })).toMatchObject([
      { ...row, action: 'share.end', outcome: 'ok' },
      { ...row, action: 'share.give', outcome: 'ok' },
    ]);
  });

  it('is as it was when it cannot be written down', async () => {
    const audit = {
      append: () => {
        throw new Error('the disk is full');
      },
    };
    const home = await homeWithGuest({ audit });
    expect(() => home.shares.give(of(home.gus, 'device', 'fan'), by)).toThrow('full');
    expect(home.shares.list()).toEqual([]);
    expect(sharesOf(home).list()).toEqual([]);
  });
});

describe('nothing is shared', () => {
  it.each<[string, (gus: string, member: string) => NewShare, string]>([
    ['with nobody', () => of('nobody', 'device', 'fan'), 'person_id'],
    ['with a member', (_, member) => of(member, 'device', 'fan'), 'person_id'],
    ['that is no device', (gus) => of(gus, 'device', 'nothing'), 'device_id'],
    ['that is no room', (gus) => of(gus, 'room', 'nowhere'), 'room'],
    ['until a moment that is over', (gus) => of(gus, 'device', 'fan', 'read', startMs), 'until'],
  ])('%s', async (_, input, field) => {
    const home = await homeWithGuest();
    const wanted = input(home.gus, personIn(home, 'member', 'Mia'));
    expect(() => home.shares.give(wanted, by)).toThrow(
      expect.objectContaining({ code: 'unprocessable', field }),
    );
    expect(home.shares.list()).toEqual([]);
  });

  it('beyond a hundred things with one person', async () => {
    const { shares, gus, devices } = await homeWithGuest();
    for (let i = 0; i < 100; i++) {
      devices.create({ id: `d${i}` });
      shares.give(of(gus, 'device', `d${i}`), by);
    }
    expect(() => shares.give(of(gus, 'device', 'fan'), by)).toThrow('as many shares');
    // What is shared already may be given anew.
    expect(shares.give(of(gus, 'device', 'd0', 'control'), by).access).toBe('control');
  });
});

it('never allows more than one share that runs, nor less than the most of them', () => {
  const access = fc.constantFrom<ShareAccess>('read', 'control');
  const target = fc.oneof(
    fc.record({ kind: fc.constant('device' as const), id: fc.constantFrom('a', 'b') }),
    fc.record({ kind: fc.constant('room' as const), id: fc.constantFrom('a', 'b') }),
  );
  const share = fc.record({
    id: fc.string(),
    personId: fc.constant('p'),
    target,
    access,
    untilMs: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
    givenBy: fc.constant('local'),
    createdAtMs: fc.constant(0),
  });
  const room = fc.constantFrom('a', 'b', null, undefined);
  fc.assert(
    fc.property(fc.array(share), room, fc.integer({ min: 0, max: 10 }), (shares, room, nowMs) => {
      const counts = (one: Share) =>
        (one.untilMs ?? Number.POSITIVE_INFINITY) > nowMs &&
        (one.target.kind === 'device' ? one.target.id === 'a' : one.target.id === room);
      const found = shares.filter(counts).map((one) => one.access);
      const most = found.includes('control') ? 'control' : found[0];
      expect(accessBy(shares, { id: 'a', room }, nowMs)).toBe(most);
    }),
  );
});
