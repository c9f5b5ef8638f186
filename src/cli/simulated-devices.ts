import { join } from 'node:path';
import { HearthError } from '#kernel';
import { type DeviceCredentials, type HubKeys, Keyring, type Member } from '#sim';
import { confirmed } from './confirm.ts';
import { type Device, devicePath } from './device.ts';
import type { IssuedCertificate } from './device-files.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { roomIds } from './room.ts';

/**
 * The keys of `members`, in the data directory of the hub; a member that the hub does not know yet is
 * added when its key is first asked for, in its room.
 * @throws HearthError `conflict` naming a device that the simulator has not made: made-up readings
 * must not end up among real ones.
 */
export async function prepareDevices(
  at: Invocation,
  hub: Hub,
  members: readonly Member[],
): Promise<Keyring> {
  const known = await devicesById(hub);
  const newcomers = members.filter(({ id }) => !known.has(id));
  // Before anyone connects: devices that connect at once would each make the room they share.
  const rooms = await roomIds(
    hub,
    newcomers.flatMap(({ room }) => room ?? []),
  );
  const hubKeys = await signingKeys(at, hub);
  const keyring = keyringOf(at, (member) => register(hub, member, rooms), hubKeys);
  for (const { id } of members) {
    const device = known.get(id);
    if (device === undefined || (await keyring.made(id, madeMs(device)))) continue;
    throw new HearthError('conflict', `the simulator has not made the device ${id}`, {
      field: '--device',
      hint: `Made-up readings would mix with its own: choose an id that is free, or first hearth device remove ${id}.`,
    });
  }
  return keyring;
}

/** Removes every device that there are keys of, with its readings, and the keys. */
export async function removeSimulated(
  at: Invocation,
  options: { readonly yes?: boolean },
): Promise<void> {
  await withHub(at, async (hub) => {
    const known = await devicesById(hub);
    const keyring = keyringOf(at, () => Promise.reject(new Error('no key is needed to remove')));
    const ids = await keyring.ids();
    const mine: string[] = [];
    for (const id of ids) {
      const device = known.get(id);
      if (device && (await keyring.made(id, madeMs(device)))) mine.push(id);
    }
    const question = `This removes ${countOf(mine)} with all readings, for good.`;
    if (mine.length > 0 && !(await confirmed(at, question, options))) {
      return at.note('Nothing is removed.');
    }
    for (const id of mine) await hub.delete(devicePath(id));
    for (const id of ids) await keyring.forget(id);
    at.answer({ removed: mine }, () =>
      mine.length === 0
        ? 'There are no simulated devices.'
        : `${countOf(mine)} removed, with all readings. The rooms stay.`,
    );
  });
}

const keyringOf = (
  at: Invocation,
  issue: (member: Member) => Promise<DeviceCredentials>,
  hubKeys?: HubKeys,
) => new Keyring(join(at.data, 'simulator'), issue, hubKeys);

interface SigningKeys {
  readonly ed25519: { readonly pem: string };
  readonly p256: { readonly pem: string };
}

/** What the hub signs commands with, as every device is told; nothing from a hub that does not sign. */
async function signingKeys(at: Invocation, hub: Hub): Promise<HubKeys | undefined> {
  try {
    const { ed25519, p256 } = await hub.get<SigningKeys>('/signing-keys');
    return { ed25519Pem: ed25519.pem, p256Pem: p256.pem };
  } catch (error) {
    if (!(error instanceof HearthError) || error.code !== 'not_found') throw error;
    at.note('The hub has no signing keys: the devices do not check who a command is from.');
    return undefined;
  }
}

const madeMs = ({ created_at }: Device): number => Date.parse(created_at);

const countOf = (ids: readonly string[]): string =>
  ids.length === 1 ? '1 simulated device' : `${ids.length} simulated devices`;

async function devicesById(hub: Hub): Promise<ReadonlyMap<string, Device>> {
  const { devices } = await hub.get<{ devices: readonly Device[] }>('/devices');
  return new Map(devices.map((device) => [device.id, device]));
}

/** Adds the device unless the hub has it, and has a certificate signed for it. */
async function register(
  hub: Hub,
  member: Member,
  rooms: ReadonlyMap<string, string>,
): Promise<DeviceCredentials> {
  const { id, name, profile } = member;
  const room = rooms.get(member.room ?? '');
  const device = { id, name, type: profile, ...(room === undefined ? {} : { room }) };
  await hub.post('/devices', device).catch((error) => {
    if (!(error instanceof HearthError) || error.code !== 'conflict') throw error;
  });
  const issued = await hub.post<IssuedCertificate>(`${devicePath(id)}/certificates`);
  if (issued.key === undefined) throw new Error(`the hub made no key for ${id}`);
  return { caPem: issued.ca, certificatePem: issued.certificate, keyPem: issued.key };
}
