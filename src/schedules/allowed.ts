/** Whether the devices of a schedule can do what it says. */

import { type Action, checkAction, type TypeDefinition } from '#devices';
import { HearthError, isHearthError } from '#kernel';
import type { DevicePort, GroupPort } from './ports.ts';
import type { ScheduleRecord } from './record.ts';

interface Known {
  readonly devices: Pick<DevicePort, 'exists' | 'definitionOf'>;
  readonly groups: GroupPort;
}

type Target = Pick<ScheduleRecord, 'deviceId' | 'groupId'>;

/**
 * Reads whom a schedule is for: one device or one group.
 * @throws HearthError `unprocessable` naming `device_id` or `group_id`.
 */
export function checkTarget(
  { deviceId, groupId }: Target,
  { devices, groups }: Known,
): readonly string[] {
  if (deviceId !== null && groupId !== null) {
    throw new HearthError('unprocessable', 'device_id and group_id do not go together', {
      field: 'group_id',
    });
  }
  if (deviceId !== null) {
    if (devices.exists(deviceId)) return [deviceId];
    throw missing('device_id', deviceId, 'device');
  }
  if (groupId === null) {
    throw new HearthError('unprocessable', 'device_id is missing: it does not say for whom', {
      field: 'device_id',
      hint: 'Give a device_id or a group_id.',
    });
  }
  if (!groups.exists(groupId)) throw missing('group_id', groupId, 'group');
  const members = groups.members(groupId).filter((id) => devices.exists(id));
  if (members.length > 0) return members;
  throw new HearthError('unprocessable', `group_id is "${groupId}": nobody is in that group`, {
    field: 'group_id',
    hint: 'Put a device into it first.',
  });
}

const missing = (field: string, id: string, kind: string): HearthError =>
  new HearthError('unprocessable', `${field} is "${id.slice(0, 64)}": there is no such ${kind}`, {
    field,
  });

/**
 * Checks what a schedule says against the type of every device that it is for.
 * @throws HearthError `unprocessable` naming the field, and the device when it is for a group.
 */
export function checkActions(
  record: Pick<ScheduleRecord, 'groupId' | 'action' | 'value' | 'endAction'>,
  deviceIds: readonly string[],
  devices: Pick<DevicePort, 'definitionOf'>,
): void {
  const { action, value, endAction, groupId } = record;
  for (const deviceId of deviceIds) {
    const definition = devices.definitionOf(deviceId);
    const whose = groupId === null ? '' : `for "${deviceId}": `;
    checked(definition, { action, value }, whose, '');
    if (endAction !== null && endAction !== 'default') {
      checked(definition, endAction, whose, 'end_action.');
    }
  }
}

function checked(definition: TypeDefinition, action: Action, whose: string, prefix: string): void {
  const found = definition.actions.find(({ name }) => name === action.action);
  // Settings may hold passwords, and whoever may look at schedules sees what they say.
  if (found?.value?.type === 'object' || isObject(action.value)) {
    throw new HearthError(
      'unprocessable',
      `${whose}a schedule cannot do ${action.action}: it takes an object`,
      {
        field: `${prefix}action`,
        hint: "Change the device's settings instead, or run a scene that does it.",
      },
    );
  }
  try {
    checkAction(definition, action);
  } catch (error) {
    if (!isHearthError(error) || (whose === '' && prefix === '')) throw error;
    const { code, message, field, hint } = error;
    throw new HearthError(code, `${whose}${message}`, {
      ...(field !== undefined && { field: `${prefix}${field}` }),
      ...(hint !== undefined && { hint }),
    });
  }
  if (found?.toggles === undefined) return;
  throw new HearthError('unprocessable', `${whose}${action.action} does not say what should hold`, {
    field: `${prefix}action`,
    hint: 'Give the action that turns it on, or the one that turns it off.',
  });
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
