import { checkAction, expectedState, resolveToggle } from '#devices';
import { HearthError, sortableId } from '#kernel';
import { overriddenProperties, savedState } from './previous.ts';
import type { OverriddenDevices, OverrideRecord, OverrideRequest, Owed } from './types.ts';

interface Circumstances {
  readonly devices: OverriddenDevices;
  /** The override that runs: what it saved is passed on. */
  readonly replaced: OverrideRecord | undefined;
  /** What the device has yet to be brought to: that is what was before, whatever it reports. */
  readonly owed: Owed | undefined;
  readonly nowMs: number;
}

/**
 * An override as it will begin, with what was before: what the device is owed, and else what it said.
 * @throws HearthError `not_found`; `conflict` for a disabled device, and for a toggle of one that has
 * not said how it is; `unprocessable` for an action that cannot be or leaves no state behind.
 */
export function newOverride(
  deviceId: string,
  request: OverrideRequest,
  { devices, replaced, owed, nowMs }: Circumstances,
): OverrideRecord {
  if (devices.get(deviceId).state === 'disabled') {
    throw new HearthError('conflict', `the device "${deviceId}" is disabled`, {
      hint: 'Set its state to active first.',
    });
  }
  const definition = devices.definitionOf(deviceId);
  const reported = devices.reported(deviceId);
  const found = definition.actions.find(({ name }) => name === request.action.action);
  if (found?.value?.type === 'object') {
    throw new HearthError('unprocessable', `${found.name} cannot be done for a while`, {
      field: 'action',
      hint: "It takes an object. Change the device's settings instead, or run a scene that does it.",
    });
  }
  const checked = checkAction(definition, request.action);
  const { action, value = null } = resolveToggle(definition, checked, reported);
  const sets = expectedState(definition, { action, value });
  if (Object.keys(sets).length === 0) {
    throw new HearthError('unprocessable', `${action} leaves no state behind`, {
      field: 'action',
      hint: 'Only what can be given back can be done for a while.',
    });
  }
  return {
    id: sortableId(nowMs),
    deviceId,
    action,
    value,
    status: 'active',
    startedAtMs: nowMs,
    baselineAtMs: replaced?.baselineAtMs ?? owed?.atMs ?? nowMs,
    endsAtMs: nowMs + Math.round(request.durationMs),
    saved: savedState(
      overriddenProperties(sets, definition),
      reported,
      replaced?.saved ?? owed?.state,
    ),
    requestedBy: request.requestedBy,
    commandId: null,
    endedAtMs: null,
    endedBecause: null,
  };
}
