import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { expect, it, onTestFinished } from 'vitest';
import type { AuditRow } from '#audit';
import { createOwner, owner, startHub } from '../e2e/home.ts';
import { temporaryDirectory } from '../support/directory.ts';

/** Routes that change nothing worth a row, or whose rows another test shows. Each says why. */
const apart: Readonly<Record<string, string>> = {
  'POST /setup': 'below, before the others',
  'POST /devices/heartbeat': 'a sign of life',
  'POST /devices/telemetry': 'readings',
  'PUT /devices/config': 'what a device says of itself',
  'POST /auth/refresh': 'goes on with a session; its misuse is written down (test/auth)',
  'POST /auth/2fa/verify': 'the second half of a login (test/auth)',
  'POST /auth/password/forgot': 'needs mail (test/auth)',
  'POST /auth/passkeys/login/options': 'a question',
  'POST /auth/passkeys/options': 'a question',
  'POST /auth/2fa/totp': 'nothing is on before it is confirmed',
  'POST /auth/passkeys': 'needs an authenticator (test/auth)',
  'POST /auth/passkeys/login': 'needs an authenticator (test/auth)',
  'PATCH /auth/passkeys/{id}': 'needs an authenticator (test/auth)',
  'DELETE /auth/passkeys/{id}': 'needs an authenticator (test/auth)',
  'POST /auth/oidc/link': 'needs a provider (test/auth)',
  'DELETE /auth/oidc/link': 'needs a provider (test/auth)',
  'POST /join': 'needs a key (test/join)',
  'POST /join/batch': 'test/join',
  'DELETE /join/batch/{id}': 'test/join',
  'POST /join/window': 'test/join',
  'DELETE /join/window': 'test/join',
  'POST /ca/rotate': 'test/pki',
  'POST /ca/rotate/finish': 'test/pki',
  'POST /.well-known/est/simpleenroll': 'needs a key (test/join)',
  'POST /api/v2/write': 'readings; a device that comes in by them leaves a row (test/telemetry)',
  'POST /write': 'readings, likewise',
  'POST /.well-known/est/simplereenroll': 'needs a key (test/join)',
};

/** Somebody's words and what they left behind: a hub, a person who is signed in, a list of rows. */
async function openStory() {
  const directory = await temporaryDirectory();
  const hub = await startHub(directory);
  onTestFinished(() => hub.stop());
  await createOwner(hub);
  const seen = new Set<string>();
  const base = `http://127.0.0.1:${hub.addresses.http?.port}/api/v1`;
  const rows = async (after: number) => {
    const answer = await hub.request(new Request('http://hub/api/v1/audit?limit=50'));
    const { rows } = (await answer.json()) as { rows: AuditRow[] };
    return rows.filter(({ seq }) => seq > after);
  };
  const say = async (
    method: string,
    path: string,
    body?: object | URLSearchParams,
    headers: Record<string, string> = {},
  ) => {
    const isForm = body instanceof URLSearchParams;
    const init = {
      method,
      headers: { ...(body && !isForm && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    };
    const response =
      headers.authorization === undefined
        ? await hub.request(new Request(`http://hub/api/v1${path}`, init))
        : await fetch(base + path, init);
    const text = await response.text();
    expect(response.status, `${method} ${path}: ${text}`).toBeLessThan(300);
    // biome-ignore lint/suspicious/noExplicitAny: each step knows its own answer.
    return (text === '' ? {} : JSON.parse(text)) as any;
  };
  /** Does `route`, and finds the row of `action` that it left. */
  const step = async (
    route: string,
    action: string,
    values: Readonly<Record<string, string>> = {},
    body?: object | URLSearchParams,
    headers?: Record<string, string>,
  ) => {
    seen.add(route);
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'missing');
    const before = (await rows(0))[0]?.seq ?? 0;
    const answer = await say(method, path, body, headers);
    const left = await rows(before);
    expect(
      left.map((row) => row.action),
      route,
    ).toContain(action);
    const row = left.find((one) => one.action === action);
    expect(row?.actor, route).not.toBe('');
    return answer;
  };
  return { hub, directory, seen, rows, say, step };
}

it('every route that changes something leaves a row, and the audit holds together', async () => {
  const { hub, directory, seen, rows, say, step } = await openStory();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const id = { id: 'plug' };

  expect((await rows(0)).map(({ action }) => action)).toContain('person.join');

  // Devices and what they can do.
  const room = await step('POST /rooms', 'room.add', {}, { name: 'Attic' });
  await step('PATCH /rooms/{id}', 'room.update', { id: room.id }, { name: 'Loft' });
  await step('POST /devices', 'device.add', {}, { id: 'plug', type: 'smart-plug', room: room.id });
  await step('PATCH /devices/{id}', 'device.update', id, { name: 'Kettle' });
  await step('PATCH /devices/{id}', 'device.state', id, { state: 'active' });
  await step('POST /devices/{id}/certificates', 'device.certificate', id, {});
  await step('POST /devices/{id}/api-key', 'device.key', id);
  await step('POST /devices/{id}/api-key', 'device.key', id);
  await step('DELETE /devices/{id}/api-key/previous', 'device.key', id);
  await step('PUT /devices/{id}/sensitive', 'device.sensitive', id, { metrics: ['power'] });
  const type = { type: 'lamp', label: 'Lamp', actions: [{ name: 'glow', label: 'Glow' }] };
  await step('POST /device-types', 'type.create', {}, type);
  await step('PUT /device-types/{type}', 'type.update', { type: 'lamp' }, type);
  await step('DELETE /device-types/{type}', 'type.remove', { type: 'lamp' });
  const signing = await say('GET', '/devices/plug/signing');
  await step('PUT /devices/{id}/signing', 'signing.update', id, signing);
  await step('PUT /devices/{id}/config', 'config.set', id, { config: { interval: 5 } });

  // Commands and what gives them.
  const turnOn = { action: 'turnOn' };
  const kept = { ...turnOn, expiresIn: '10m' };
  const command = await step('POST /devices/{id}/commands', 'command.create', id, kept);
  await step('DELETE /commands/{id}', 'command.settle', { id: command.id });
  const group = await step('POST /groups', 'group.create', {}, { name: 'All', devices: ['plug'] });
  await step('PATCH /groups/{id}', 'group.update', { id: group.id }, { name: 'Everything' });
  await step('POST /groups/{id}/commands', 'command.create', { id: group.id }, turnOn);
  await step('DELETE /groups/{id}', 'group.remove', { id: group.id });
  const night = { name: 'Night', commands: [{ device_id: 'plug', action: 'turnOff' }] };
  const scene = await step('POST /scenes', 'scene.create', {}, night);
  await step('PATCH /scenes/{id}', 'scene.update', { id: scene.id }, { name: 'Late' });
  await step('POST /scenes/{id}/run', 'command.create', { id: scene.id });
  await step('DELETE /scenes/{id}', 'scene.remove', { id: scene.id });
  const evening = {
    device_id: 'plug',
    kind: 'weekly',
    days: ['mon'],
    start: '18:00',
    end: '19:00',
  };
  const made = await step('POST /schedules', 'schedule.create', {}, { ...evening, ...turnOn });
  await step('PATCH /schedules/{id}', 'schedule.update', { id: made.id }, { enabled: false });
  await step('DELETE /schedules/{id}', 'schedule.remove', { id: made.id });
  const hour = { action: 'turnOn', durationMinutes: 60 };
  await step('POST /devices/{id}/override', 'override.start', id, hour);
  await step('PATCH /devices/{id}/override', 'override.extend', id, { extendMinutes: 10 });
  await step('DELETE /devices/{id}/override', 'override.cancel', id);

  // People.
  const { code } = await step('POST /people/invitations', 'person.invite', {}, { role: 'member' });
  const ben = { email: 'ben@example.org', password: owner.password, name: 'Ben' };
  const joined = { ...ben, invitation: code };
  const person = await step('POST /auth/register', 'person.join', {}, joined);
  const unused = await say('POST', '/people/invitations', { role: 'guest' });
  await step('DELETE /people/invitations/{id}', 'person.invite', { id: unused.id });
  const share = { person_id: person.id, device_id: 'plug', access: 'read' };
  await step('PATCH /people/{id}', 'person.role', { id: person.id }, { role: 'guest' });
  const shared = await step('POST /shares', 'share.give', {}, share);
  await step('DELETE /shares/{id}', 'share.end', { id: shared.id });
  const signIn = { email: ben.email, password: ben.password };
  const first = await step('POST /auth/login', 'auth.login', {}, signIn);
  const form = new URLSearchParams({ username: ben.email, password: ben.password });
  await step('POST /auth/token', 'auth.login', {}, form);
  const asBen = bearer(first.access_token);
  const again = { password: ben.password };
  await step('PATCH /auth/me', 'person.rename', {}, { name: 'Benjamin' }, asBen);
  const begin = () => say('POST', '/auth/2fa/totp', again, asBen);
  const codeOf = (text: string) => new TOTP({ secret: Secret.fromBase32(text) }).generate();
  const { secret } = await begin();
  const now = { code: codeOf(secret) };
  await step('POST /auth/2fa/totp/confirm', 'auth.2fa', {}, now, asBen);
  await step('POST /auth/2fa/recovery-codes', 'auth.2fa', {}, again, asBen);
  await step('DELETE /people/{id}/2fa', 'auth.2fa', { id: person.id });
  const second = await begin();
  await say('POST', '/auth/2fa/totp/confirm', { code: codeOf(second.secret) }, asBen);
  await step('DELETE /auth/2fa/totp', 'auth.2fa', {}, again, asBen);
  const { sessions } = await say('GET', '/auth/sessions', undefined, asBen);
  const other = sessions.find((session: { current: boolean }) => !session.current);
  await step('DELETE /auth/sessions/{id}', 'auth.logout', { id: other.id }, undefined, asBen);
  const change = { current_password: ben.password, new_password: 'another kettle on the hob' };
  await step('POST /auth/password', 'auth.password', {}, change, asBen);
  const reset = await step('POST /people/{id}/reset-password', 'auth.password', { id: person.id });
  const taken = { code: reset.code, new_password: 'a third kettle on the hob' };
  await step('POST /auth/password/reset', 'auth.password', {}, taken);
  const back = { email: ben.email, password: taken.new_password };
  const { access_token } = await say('POST', '/auth/login', back);
  await step('POST /auth/logout', 'auth.logout', {}, undefined, bearer(access_token));
  await step('PATCH /people/{id}', 'person.rename', { id: person.id }, { name: 'Benedict' });
  const given = { new_password: 'a fourth kettle on the hob' };
  await step('PUT /people/{id}/password', 'auth.password', { id: person.id }, given);
  await say('POST', '/auth/login', { email: ben.email, password: given.new_password });
  await step('DELETE /people/{id}/sessions', 'auth.logout', { id: person.id });
  const cleo = { email: 'cleo@example.org', password: owner.password, name: 'Cleo' };
  await step('POST /people', 'person.join', {}, { ...cleo, role: 'member' });
  await step('PATCH /people/{id}', 'person.disable', { id: person.id }, { disabled: true });
  await step('DELETE /people/{id}', 'person.remove', { id: person.id });

  // What is kept of years.
  const rule = { device_id: 'plug', raw_days: 3 };
  const { id: ruleId } = await step('PUT /retention/rules', 'retention.set', {}, rule);
  await step('DELETE /retention/rules/{id}', 'retention.remove', { id: ruleId });
  await step('POST /sql', 'telemetry.sql', {}, { sql: 'SELECT 1' });
  const lastDay = { start: '-1d', end: 'now', format: 'csv' };
  const exported = await step('POST /exports', 'telemetry.export', {}, lastDay);
  await step('DELETE /exports/{id}', 'telemetry.export', { id: exported.id });
  const csv = join(directory, 'readings.csv');
  writeFileSync(csv, 'device_id,timestamp,power\nplug,2026-01-31T12:00:00Z,60.5\n');
  const imported = await step('POST /imports', 'telemetry.import', {}, { path: csv });
  await step('DELETE /imports/{id}', 'telemetry.import', { id: imported.id });
  await step('DELETE /devices/{id}/telemetry', 'telemetry.delete', id);

  // Machines, and the end of what was made.
  const token = await step('POST /tokens', 'token.create', {}, { name: 'car', role: 'service' });
  await step('DELETE /tokens/{id}', 'token.revoke', { id: token.id });
  const radio = { name: 'radio', role: 'service' };
  await step('POST /credentials', 'credential.create', {}, radio);
  await step('DELETE /credentials/{name}', 'credential.remove', radio);
  await step('POST /secrets/rotate', 'secrets.rotate');
  await step('POST /devices/{id}/revoke', 'device.revoke', id);
  await step('DELETE /devices/{id}', 'device.remove', id);
  await step('DELETE /rooms/{id}', 'room.remove', { id: room.id });

  const description = await hub.request(new Request('http://hub/openapi.json'));
  const { paths } = (await description.json()) as { paths: Record<string, object> };
  const mutating = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
  expect(mutating.length).toBeGreaterThan(60);
  expect(mutating.filter((route) => !seen.has(route) && apart[route] === undefined)).toEqual([]);
  expect([...seen].filter((route) => !mutating.includes(route))).toEqual([]);

  const verdict = await say('GET', '/audit/verify');
  expect(verdict).toMatchObject({ ok: true, first: 1 });
  const text = await (await hub.request(new Request('http://hub/api/v1/audit/export'))).text();
  for (const word of [
    owner.password,
    ...Object.values(change),
    given.new_password,
    secret,
    code,
    token.token,
  ]) {
    expect(text).not.toContain(word);
  }
});
