import type { CommandRecord } from './record.ts';

/** What a family of devices calls things: Hearth's own, the air purifier's, the smart plug's. */
export const dialects = ['native', 'purifier', 'smartplug'] as const;
export type Dialect = (typeof dialects)[number];

/** The topics on which a device may listen for commands, best first. */
export const commandTopics = (deviceId: string): readonly string[] => [
  `devices/${deviceId}/command`,
  `device/${deviceId}/command`,
  `smartplug/${deviceId}/control`,
];

/** The dialect that is spoken on a command topic. */
export function dialectOf(topic: string): Dialect {
  if (topic.startsWith('smartplug/')) return 'smartplug';
  return topic.startsWith('device/') ? 'purifier' : 'native';
}

/** Whether a device of this dialect answers a command; a plug lets its state speak. */
export const answers = (dialect: Dialect): boolean => dialect !== 'smartplug';

const relayWords: Readonly<Record<string, string>> = { turnOn: 'relay_on', turnOff: 'relay_off' };

/**
 * A command as its device reads it, in the order in which the members are signed. `issued_at` is
 * when this attempt was made, so that a device that refuses old messages takes one that waited.
 */
export function bodyOf(
  dialect: Dialect,
  command: Pick<CommandRecord, 'id' | 'action' | 'value' | 'expiresAtMs'>,
  issuedAtMs: number,
): Record<string, unknown> {
  const { id, action, value } = command;
  const issued = new Date(issuedAtMs).toISOString();
  const expires_at = new Date(command.expiresAtMs).toISOString();
  switch (dialect) {
    case 'native':
      return { id, action, value, issued_at: issued, expires_at };
    case 'purifier':
      return { commandId: id, id, action, value, timestamp: issued, expires_at };
    case 'smartplug':
      return {
        command: Object.hasOwn(relayWords, action) ? relayWords[action] : action,
        ...(value !== null && { value }),
        timestamp: Math.floor(issuedAtMs / 1000),
        id,
        expires_at,
      };
  }
}
