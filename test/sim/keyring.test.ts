import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Keyring, membersOfPreset, presets } from '#sim';
import { temporaryDirectory } from '../support/directory.ts';

const member = { id: 'sim-plug-1', name: 'Plug', profile: 'plug' } as const;
const credentials = { caPem: 'ca', certificatePem: 'certificate', keyPem: 'key' };

async function keyring(): Promise<Keyring> {
  const directory = join(await temporaryDirectory(), 'simulator');
  return new Keyring(directory, async () => credentials);
}

it('has made nothing as long as it has no keys', async () => {
  const keys = await keyring();
  expect(await keys.ids()).toEqual([]);
  expect(await keys.made(member.id, 0)).toBe(false);
});

it('has made the device that was there when its keys were written, and none that came later', async () => {
  const keys = await keyring();
  const beforeMs = Date.now() - 1000;
  await keys.renew(member);
  expect(await keys.ids()).toEqual([member.id]);
  expect(await keys.made(member.id, beforeMs)).toBe(true);
  expect(await keys.made(member.id, Date.now() + 60_000)).toBe(false);
  expect(await keys.made('plug-1', beforeMs)).toBe(false);
});

it('forgets the keys of a device', async () => {
  const keys = await keyring();
  await keys.renew(member);
  await keys.forget(member.id);
  expect(await keys.ids()).toEqual([]);
});

it.each(Object.keys(presets) as (keyof typeof presets)[])(
  'has a room for every device of the preset %s',
  (preset) => {
    const members = membersOfPreset(preset);
    expect(new Set(members.map(({ id }) => id)).size).toBe(members.length);
    expect(members.every(({ room }) => room !== undefined)).toBe(true);
  },
);
