import type { Sight } from '#auth';
import { isoOfMicroseconds } from '#kernel';
import type { PreviousApiKey } from './api-keys.ts';
import type { Denial } from './denials.ts';
import type { DeviceReport } from './report.ts';
import type { Device, DeviceRecord, Scalar } from './types.ts';

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** A device as everyone outside this slice sees it. What it says of its firmware beats what was typed in. */
export function deviceJson(
  record: DeviceRecord,
  report: DeviceReport,
  online: boolean,
  denied: number,
  controlled: ReadonlySet<string>,
  sensitive: ReadonlySet<string>,
): Device {
  const { latest } = report;
  const reported = report.reportedOf(controlled);
  return {
    id: record.id,
    name: record.name,
    description: record.description,
    type: record.type,
    room: record.room,
    status: online ? 'online' : 'offline',
    state: record.state,
    last_seen: report.lastSeenMs === null ? null : iso(report.lastSeenMs),
    firmware_version: text(reported.firmware_version) ?? record.firmwareVersion,
    hardware_version: text(reported.hardware_version) ?? record.hardwareVersion,
    created_at: iso(record.createdAtMs),
    updated_at: iso(record.updatedAtMs),
    // The time comes last: no metric may pass for it.
    latest: latest ? { ...latest.values, timestamp: isoOfMicroseconds(latest.timeUs) } : null,
    reported,
    denied,
    ...(sensitive.size > 0 && { sensitive: [...sensitive].sort() }),
  };
}

/** A device as somebody is shown it: what was refused to it is not for everyone who sees it. */
export function deviceFor(sight: Pick<Sight, 'seesRefusals'>, device: Device): Device {
  if (sight.seesRefusals) return device;
  const { denied: _, ...shown } = device;
  return shown;
}

export const previousKeyJson = ({ validUntilMs, lastUsedAtMs }: PreviousApiKey) => ({
  valid_until: iso(validUntilMs),
  last_used_at: lastUsedAtMs === undefined ? null : iso(lastUsedAtMs),
});

export const denialJson = (denial: Denial) => ({
  at: iso(denial.atMs),
  last_at: iso(denial.lastAtMs),
  count: denial.count,
  device_id: denial.deviceId,
  identity: denial.identity,
  action: denial.action,
  topic: denial.topic,
  client_id: denial.clientId,
  remote_address: denial.remoteAddress,
  reason: denial.reason,
});

const text = (value: Scalar | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
