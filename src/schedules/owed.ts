import type { StateMap } from '#devices';
import type { Clock } from '#kernel';
import { type Holdings, watchedMs } from './holdings.ts';
import { isOff, wantedState } from './plan.ts';
import type { CommandPort, DevicePort, DuePort } from './ports.ts';
import type { Resolution } from './resolve.ts';
import type { Word } from './types.ts';

/** A word that a device is yet to be brought to. */
export interface Owed {
  /** What it means for the device's properties. */
  readonly state: StateMap;
  /** When it came to hold. */
  readonly atMs: number;
}

interface Known {
  readonly holdings: Holdings;
  readonly devices: Pick<DevicePort, 'definitionOf' | 'reported'>;
  readonly due: Pick<DuePort, 'clockIsPlausible'>;
  readonly commands: Pick<CommandPort, 'get'>;
  readonly clock: Clock;
  /** It is off because nothing was known of how it was before the last override. */
  readonly isAssumed: boolean;
}

/**
 * What a device is to be brought back to after an override that begins now, instead of what it
 * reports: a word that it has yet to take, or has taken a moment ago and not reported. One that is
 * off as it was left by an override keeps the rest of what it was given back.
 */
export function owedOf(deviceId: string, resolution: Resolution, known: Known): Owed | undefined {
  const owed = owedWord(deviceId, resolution, known);
  if (owed === undefined) return undefined;
  const state = wantedState(owed.word, known.devices.definitionOf(deviceId));
  return Object.keys(state).length === 0 ? undefined : { state, atMs: owed.atMs };
}

function owedWord(
  deviceId: string,
  resolution: Resolution,
  known: Known,
): { readonly word: Word; readonly atMs: number } | undefined {
  const { holdings, devices, due, clock } = known;
  const { word, because, decidedAtMs } = resolution;
  if (because.kind === 'override') return undefined;
  const holding = holdings.of(deviceId);
  const isUnknown = !due.clockIsPlausible && holding !== undefined && !holding.settled;
  if (isUnknown && holding.cause.kind !== 'override') {
    return { word: holding.word, atMs: holding.decidedAtMs };
  }
  if (word === undefined || decidedAtMs === undefined) return undefined;
  const owed = { word, atMs: decidedAtMs };
  if (because.kind === 'manual') return isUnderWay(because.id, known) ? owed : undefined;
  const progress = holdings.progressOf(deviceId, { ...resolution, word });
  const isFresh = progress === 'settled' && holdings.isWatched(deviceId, clock.nowMs());
  if (isUnknown || progress === 'sent' || isFresh) return owed;
  const definition = devices.definitionOf(deviceId);
  const isLeftOff =
    because.kind === 'restore' &&
    !known.isAssumed &&
    isOff(wantedState(word, definition), definition) &&
    isOff(devices.reported(deviceId), definition);
  return isLeftOff ? owed : undefined;
}

/** Whether a command by hand waits for its answer, or for the report that agrees with it. */
function isUnderWay(commandId = '', { commands, clock }: Known): boolean {
  const { status, error, acknowledged_at } = commands.get(commandId);
  if (status === 'acknowledged' && error === null && acknowledged_at !== null) {
    return clock.nowMs() - Date.parse(acknowledged_at) < watchedMs;
  }
  return status === 'queued' || status === 'sent' || status === 'delivered';
}
