import { checkAction } from '#devices';
import { HearthError, isHearthError } from '#kernel';
import { expand } from './plan.ts';
import type { DevicePort, SceneCommand } from './types.ts';

/** A command of a scene as it is asked for: `schema.ts` saw to it that one of the two is there. */
export interface WantedCommand {
  readonly device_id?: string | null | undefined;
  readonly group_id?: string | null | undefined;
  readonly action: string;
  readonly value?: SceneCommand['value'] | undefined;
}

interface Known {
  readonly devices: DevicePort;
  readonly groups: {
    exists(groupId: string): boolean;
    members(groupId: string): readonly string[];
  };
}

const mostValueBytes = 4096;

/**
 * Checks every command against the type of every device that it is for, and gives them as they are
 * kept. @throws HearthError `unprocessable` naming the command, counted from 0.
 */
export function checkSceneCommands(
  wanted: readonly WantedCommand[],
  { devices, groups }: Known,
): SceneCommand[] {
  const commands = wanted.map((command, index) => {
    const { device_id = null, group_id = null, action, value = null } = command;
    const field = `commands.${index}`;
    if (device_id !== null && !devices.exists(device_id)) {
      throw missing(`${field}.device_id`, device_id, 'device');
    }
    if (group_id !== null && !groups.exists(group_id)) {
      throw missing(`${field}.group_id`, group_id, 'group');
    }
    if (Buffer.byteLength(JSON.stringify(value)) > mostValueBytes) {
      throw new HearthError('unprocessable', `${field}.value is longer than 4 KiB`, {
        field: `${field}.value`,
      });
    }
    return { device_id, group_id, action, value };
  });
  for (const { index, deviceId, action, value } of expand(commands, groups)) {
    try {
      checkAction(devices.definitionOf(deviceId), { action, value });
    } catch (error) {
      throw located(error, `commands.${index}`, deviceId);
    }
  }
  return commands;
}

const missing = (field: string, id: string, kind: string): HearthError =>
  new HearthError('unprocessable', `${field} is "${id}": there is no such ${kind}`, { field });

/** The same error, saying which command and device it is about. */
function located(error: unknown, command: string, deviceId: string): unknown {
  if (!isHearthError(error)) return error;
  const { code, message, field, hint } = error;
  return new HearthError(code, `${command}, for "${deviceId}": ${message}`, {
    field: field === undefined ? command : `${command}.${field}`,
    ...(hint !== undefined && { hint }),
  });
}
