import { knownState } from './previous.ts';
import type { Override, OverrideRecord } from './types.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/**
 * An override as everyone sees it. `nowMs` says how much of it is left; unless it `isMeasured` that
 * is not known before it is over: the clock may be behind.
 */
export function overrideJson(record: OverrideRecord, nowMs: number, isMeasured: boolean): Override {
  const leftMs = record.status === 'active' ? Math.max(0, record.endsAtMs - nowMs) : 0;
  return {
    id: record.id,
    device_id: record.deviceId,
    action: record.action,
    value: record.value,
    status: record.status,
    started_at: iso(record.startedAtMs),
    ends_at: iso(record.endsAtMs),
    remaining_seconds: isMeasured || leftMs === 0 ? Math.ceil(leftMs / 1000) : null,
    previous: knownState(record.saved),
    requested_by: record.requestedBy,
    command_id: record.commandId,
    ended_at: record.endedAtMs === null ? null : iso(record.endedAtMs),
    ended_because: record.endedBecause,
  };
}
