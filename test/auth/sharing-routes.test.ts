import { describe, expect, it } from 'vitest';
import { type House, openHouse } from '../http/house.ts';

const hour = new Date(Date.parse('2026-03-01T09:00:00Z')).toISOString();

async function open() {
  const house = await openHouse();
  house.devices.rooms.create({ name: 'Hall' });
  house.devices.create({ id: 'lamp', room: 'hall' });
  const guest = house.auth.people.add({ name: 'Gus', email: 'gus@home.example', role: 'guest' });
  const call = asker(house);
  return { house, guest, call };
}

const asker =
  (house: House) =>
  async (line: string, body?: object, headers: Record<string, string> = house.as('admin')) => {
    const [method = 'GET', path = ''] = line.split(' ');
    const response = await house.fromLan(`/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

it('gives, lists and ends shares', async () => {
  const { house, guest, call } = await open();
  const weekend = { person_id: guest.id, room: 'hall', access: 'control', until: hour };
  const given = await call('POST /shares', weekend);
  expect(given).toEqual({
    status: 201,
    body: {
      ...weekend,
      id: expect.any(String),
      device_id: null,
      given_by: 'token:a admin',
      created_at: '2026-03-01T08:00:00.000Z',
    },
  });
  house.clock.advance(1);
  const forGood = { person_id: guest.id, device_id: 'lamp', access: 'read', until: null };
  const other = (await call('POST /shares', forGood)).body;
  expect(other).toMatchObject({ ...forGood, room: null });
  const all = { shares: [given.body, other] };
  expect((await call('GET /shares')).body).toEqual(all);
  expect((await call(`GET /people/${guest.id}/shares`)).body).toEqual(all);
  expect((await call('GET /shares?device_id=lamp')).body).toEqual({ shares: [other] });
  expect((await call('GET /shares?room=hall')).body).toEqual({ shares: [given.body] });
  expect((await call('GET /shares?person_id=nobody')).body).toEqual({ shares: [] });
  expect((await call(`DELETE /shares/${other.id}`)).status).toBe(204);
  expect((await call(`DELETE /shares/${other.id}`)).status).toBe(404);
  expect((await call('GET /people/nobody/shares')).status).toBe(404);
});

describe('a share cannot be', () => {
  it.each<[string, object, string]>([
    ['of nothing', { device_id: undefined }, 'device_id'],
    ['of two things', { room: 'hall' }, 'device_id'],
    ['for more than control', { access: 'owner' }, 'access'],
    ['until some day', { until: 'sunday' }, 'until'],
    ['until a time without a zone', { until: '2027-01-01T00:00:00' }, 'until'],
    ['until a moment that is over', { until: '2026-03-01T09:00:00+01:00' }, 'until'],
    ['with nobody', { person_id: 'nobody' }, 'person_id'],
    ['with more than is known', { more: true }, 'more'],
  ])('%s', async (_, wrong, field) => {
    const { guest, call } = await open();
    const answer = await call('POST /shares', {
      person_id: guest.id,
      device_id: 'lamp',
      access: 'read',
      ...wrong,
    });
    expect(answer).toMatchObject({ status: 422, body: { field } });
    expect((await call('GET /shares')).body).toEqual({ shares: [] });
  });
});

it('lets a guest in, on what is shared, for as long as it is', async () => {
  const { house, guest, call } = await open();
  const origin = { remoteAddress: '192.168.1.7', userAgent: 'test' };
  const signIn = () => house.auth.signIns.signInAs(guest.id, 'password', origin);
  const asGuest = async (line: string, body?: object) => {
    const { accessToken } = await signIn();
    return (await call(line, body, { authorization: `Bearer ${accessToken}` })).status;
  };
  const share = (access: string) =>
    call('POST /shares', { person_id: guest.id, device_id: 'lamp', access, until: hour });
  const command = { action: 'turnOn' };
  expect(await asGuest('GET /devices/lamp')).toBe(404);
  await share('read');
  expect(await asGuest('GET /devices/lamp')).toBe(200);
  expect(await asGuest('POST /devices/lamp/commands', command)).toBe(403);
  await share('control');
  expect([401, 403, 404]).not.toContain(await asGuest('POST /devices/lamp/commands', command));
  // What would outlast the share is not for guests.
  expect(await asGuest('POST /schedules', { device_id: 'lamp' })).toBe(403);
  house.clock.step(Date.parse(hour));
  expect(await asGuest('GET /devices/lamp')).toBe(404);
});
