import { expect, it } from 'vitest';
import { openHome } from './home.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

it('lets the old key of a device work for a day more, over a restart, and no longer', async () => {
  const { devices, directory, clock } = await openHome();
  const { apiKey } = devices.create({ id: 'plug' });
  const rotated = devices.proofs.rotateApiKey('plug');
  expect(rotated.previousValidUntilMs).toBe(clock.nowMs() + dayMs);
  expect(rotated.apiKey.length).toBeGreaterThanOrEqual(32);
  for (const key of [apiKey, rotated.apiKey]) {
    expect(devices.deviceOfApiKey(key)).toMatchObject({ id: 'plug' });
  }
  await devices.stop();

  const again = await openHome(directory, clock.nowMs());
  expect(again.devices.deviceOfApiKey(apiKey)).toMatchObject({ id: 'plug' });
  again.clock.advance(dayMs - 1);
  expect(again.devices.deviceOfApiKey(apiKey)).toMatchObject({ id: 'plug' });
  again.clock.advance(1);
  expect(again.devices.deviceOfApiKey(apiKey)).toBeUndefined();
  expect(again.devices.proofs.previousApiKeyOf('plug')).toBeUndefined();
  expect(again.devices.deviceOfApiKey(rotated.apiKey)).toMatchObject({ id: 'plug' });
});

it('has one old key at most: a second rotation voids the older', async () => {
  const { devices } = await openHome();
  const { apiKey: first } = devices.create({ id: 'plug' });
  const { apiKey: second } = devices.proofs.rotateApiKey('plug');
  const { apiKey: third } = devices.proofs.rotateApiKey('plug', hourMs);
  expect([first, second, third].map((key) => devices.deviceOfApiKey(key)?.id)).toEqual([
    undefined,
    'plug',
    'plug',
  ]);
  const { apiKey: fourth, previousValidUntilMs } = devices.proofs.rotateApiKey('plug', 0);
  expect(previousValidUntilMs).toBeUndefined();
  expect([second, third, fourth].map((key) => devices.deviceOfApiKey(key)?.id)).toEqual([
    undefined,
    undefined,
    'plug',
  ]);
});

it('voids the old key at once when that is asked for, and both when the device is revoked or gone', async () => {
  const { devices, db } = await openHome();
  const { apiKey: first } = devices.create({ id: 'plug' });
  const { apiKey: second } = devices.proofs.rotateApiKey('plug');
  devices.proofs.revokePreviousApiKey('plug');
  expect(devices.deviceOfApiKey(first)).toBeUndefined();
  expect(() => devices.proofs.revokePreviousApiKey('plug')).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  );
  const { apiKey: third } = devices.proofs.rotateApiKey('plug');
  devices.revoke('plug');
  expect([second, third].map((key) => devices.deviceOfApiKey(key))).toEqual([undefined, undefined]);
  const { apiKey: fourth, previousValidUntilMs } = devices.proofs.rotateApiKey('plug');
  expect(previousValidUntilMs).toBeUndefined();
  devices.proofs.rotateApiKey('plug');
  devices.remove('plug');
  expect(devices.deviceOfApiKey(fourth)).toBeUndefined();
  expect(db.prepare('SELECT * FROM previous_api_keys').all()).toEqual([]);
});

it('shows when the old key was last used, and writes it at most once a minute', async () => {
  const { devices, clock, db } = await openHome();
  const { apiKey } = devices.create({ id: 'plug' });
  devices.proofs.rotateApiKey('plug');
  expect(devices.proofs.previousApiKeyOf('plug')?.lastUsedAtMs).toBeUndefined();
  const saved = () => db.prepare('SELECT last_used_at_ms FROM previous_api_keys').pluck().get();
  const firstMs = clock.nowMs();
  devices.deviceOfApiKey(apiKey);
  expect(saved()).toBe(firstMs);
  clock.advance(59_000);
  devices.deviceOfApiKey(apiKey);
  expect(devices.proofs.previousApiKeyOf('plug')?.lastUsedAtMs).toBe(firstMs + 59_000);
  expect(saved()).toBe(firstMs);
  clock.advance(1000);
  devices.deviceOfApiKey(apiKey);
  expect(saved()).toBe(firstMs + 60_000);
});

it('keeps no key, only what is made of it', async () => {
  const { devices, db } = await openHome();
  const { apiKey } = devices.create({ id: 'plug' });
  const { apiKey: second } = devices.proofs.rotateApiKey('plug');
  const rows = ['api_keys', 'previous_api_keys'].flatMap((table) =>
    db.prepare(`SELECT * FROM ${table}`).all(),
  );
  expect(rows).toHaveLength(2);
  for (const key of [apiKey, second]) expect(JSON.stringify(rows)).not.toContain(key);
});

it('refuses an overlap of more than 30 days, and writes down each rotation without a key', async () => {
  const { devices, db } = await openHome();
  devices.create({ id: 'plug' });
  expect(() => devices.proofs.rotateApiKey('plug', 31 * dayMs)).toThrow(
    expect.objectContaining({ code: 'unprocessable', field: 'overlap' }),
  );
  const { apiKey } = devices.proofs.rotateApiKey('plug', 30 * dayMs);
  devices.proofs.revokePreviousApiKey('plug');
  const rows = db.prepare("SELECT subject, detail FROM audit WHERE action = 'device.key'").all();
  expect(rows).toEqual([
    { subject: 'device:plug', detail: `{"overlap_ms":${30 * dayMs}}` },
    { subject: 'device:plug', detail: '{"voided":"previous"}' },
  ]);
  expect(JSON.stringify(rows)).not.toContain(apiKey);
});
