/**
 * Which topics belong to which device, as pure functions. Three families stand side by side: the
 * native one, the smart plug's and the air purifier's.
 */

/** What a topic means, whatever its family calls it. */
export type Channel = 'telemetry' | 'status' | 'ack' | 'command' | 'config';

export interface DeviceTopic {
  readonly deviceId: string;
  readonly channel: Channel;
}

const families: Readonly<Record<string, Readonly<Record<string, Channel>>>> = {
  devices: {
    telemetry: 'telemetry',
    status: 'status',
    ack: 'ack',
    command: 'command',
    config: 'config',
  },
  smartplug: { telemetry: 'telemetry', status: 'status', control: 'command', config: 'config' },
  device: { data: 'telemetry', ack: 'ack', command: 'command' },
};

/** Reads `devices/{id}/telemetry` and its kin; `undefined` for every other topic. */
export function readTopic(topic: string): DeviceTopic | undefined {
  const levels = topic.split('/');
  const [family, deviceId, word] = levels;
  if (levels.length !== 3 || !family || !deviceId || !word) return undefined;
  if (!Object.hasOwn(families, family)) return undefined;
  const channels = families[family];
  if (!channels || !Object.hasOwn(channels, word)) return undefined;
  const channel = channels[word];
  return channel && { deviceId, channel };
}

/** Where the hub speaks and the device listens: what only the hub itself may write. */
export const isTowardsDevice = (channel: Channel): channel is 'command' | 'config' =>
  channel === 'command' || channel === 'config';

/** The channel a device would publish on, if this topic is one of its own. */
export function ownPublishChannel(deviceId: string, topic: string): Channel | undefined {
  const read = readTopic(topic);
  if (read?.deviceId !== deviceId || isTowardsDevice(read.channel)) return undefined;
  return read.channel;
}

/**
 * Whether a filter is exactly one of the topics on which a device is spoken to. Wildcards are
 * refused even below its own id: five exact topics are all there is to hear.
 */
export function isOwnSubscription(deviceId: string, filter: string): boolean {
  const read = readTopic(filter);
  return read?.deviceId === deviceId && isTowardsDevice(read.channel);
}

/**
 * Whether people and services may read a topic or filter. Names that begin with `$` are the
 * broker's own [MQTT-4.7.2-1]: of those only `$SYS` is for reading; `$hearth` is reserved.
 */
export const isReadable = (filter: string): boolean =>
  !filter.startsWith('$') || filter === '$SYS' || filter.startsWith('$SYS/');

/**
 * As above for people, guests among them: not what is said to devices. Commands and configurations
 * may hold secrets, and are to be had from the API by whoever may control devices.
 */
export function isReadableByPeople(filter: string): boolean {
  const read = readTopic(filter);
  return isReadable(filter) && (read === undefined || !isTowardsDevice(read.channel));
}

/** Whether a service may write a topic: all but the broker's own and what is said to devices. */
export function isServiceWritable(topic: string): boolean {
  if (topic.startsWith('$')) return false;
  const read = readTopic(topic);
  return read === undefined || !isTowardsDevice(read.channel);
}
