import { HearthError } from '#kernel';
import { SimulatedDevice, type SimulatedDeviceOptions } from './device.ts';
import type { Keyring } from './keyring.ts';
import type { Member } from './presets.ts';

/** What every device of a run shares. */
export interface Ground
  extends Pick<SimulatedDeviceOptions, 'hub' | 'clock' | 'window' | 'dialect' | 'algorithm'> {
  readonly keyring: Keyring;
}

/** Devices that connect at once: enough to be quick, few enough for the hub's connect rate. */
const connectingAtOnce = 10;

/**
 * Connects `member`. A certificate that was revoked since the last run is replaced once; a hub that
 * refuses the new one too means it.
 */
export async function join(
  member: Member,
  ground: Ground,
  more: Omit<SimulatedDeviceOptions, keyof Ground | 'id' | 'credentials'>,
): Promise<SimulatedDevice> {
  const { keyring, ...shared } = ground;
  const make = (credentials: SimulatedDeviceOptions['credentials']) =>
    new SimulatedDevice({ ...shared, ...more, id: member.id, credentials });

  const device = make(await keyring.credentialsOf(member, ground.clock.nowMs()));
  try {
    await device.connect();
    return device;
  } catch (error) {
    if (!(error instanceof HearthError) || error.code !== 'unauthenticated') throw error;
  }
  const renewed = make(await keyring.renew(member));
  await renewed.connect();
  return renewed;
}

/** Applies `action` to every item, ten at a time, and gives the results in the items' order. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await action(item);
  };
  await Promise.all(Array.from({ length: connectingAtOnce }, worker));
  return results;
}
