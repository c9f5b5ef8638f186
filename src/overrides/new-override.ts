import { checkAction, expectedState, resolveToggle } from '#devices';
import { HearthError, sortableId } from '#kernel';
import { overriddenProperties, savedState } from './previous.ts';
import type { OverriddenDevices, OverrideRecord, OverrideRequest } from './types.ts';

interface Circumstances {
  readonly devices: OverriddenDevices;
  /** The override that runs: what it saved is passed on. */
  readonly replaced: OverrideRecord | undefined;
  readonly nowMs: number;
}

/**
 * An override as it will begin, with what the device said before.
 * @throws HearthError `not_found`; `conflict` for a disabled device, and for a toggle of one that has
 * not said how it is; `unprocessable` for an action that cannot be or leaves no state behind.
 */
export function newOverride(
  deviceId: string,
  request: OverrideRequest,
  { devices, replaced, nowMs }: Circumstances,
): OverrideRecord {
  if (devices.get(deviceId).state === 'disabled') {
    throw new HearthError('conflict', `the device "${deviceId}" is disabled`, {
      hint: 'Set its state to active first.',
    });
  }
  const definition = devices.definitionOf(deviceId);
  const reported = devices.reported(deviceId);
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
    baselineAtMs: replaced?.baselineAtMs ?? nowMs,
    endsAtMs: nowMs + Math.round(request.durationMs),
    saved: savedState(overriddenProperties(sets, definition), reported, replaced?.saved),
    requestedBy: request.requestedBy,
    commandId: null,
    endedAtMs: null,
    endedBecause: null,
  };
}
