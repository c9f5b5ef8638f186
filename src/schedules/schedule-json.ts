import type { Action } from '#devices';
import { hasWindows } from './asked.ts';
import type { Book, Entry } from './book.ts';
import type { RunRecord } from './record.ts';
import type { RunJson, ScheduleJson } from './schema.ts';
import type { Rule } from './time/rule.ts';
import { nextEdges } from './time/timetable.ts';
import type { WallClock } from './time/wall-clock.ts';
import { sayLocal, sayRule } from './words.ts';

interface Surroundings {
  readonly book: Book;
  readonly clock: WallClock;
  readonly nowMs: number;
  readonly lastRun: RunRecord | undefined;
}

const nextCount = 5;
const iso = (atMs: number): string => new Date(atMs).toISOString();

/** What a schedule is called: by its times, when nobody gave it a name. */
export const nameOf = ({ record }: Entry): string => record.name ?? sayRule(record.rule);

/** A schedule as REST, WebSocket and CLI show it. */
export function scheduleJson(
  entry: Entry,
  { book, clock, nowMs, lastRun }: Surroundings,
): ScheduleJson {
  const { record, timetable, problem } = entry;
  const deviceIds = book.devicesOf(record);
  const begin: Action = record;
  // The devices of a group may be turned off by different words; the first one's stands for all.
  const end = hasWindows(record.rule) ? book.endActionOf(record, deviceIds[0]) : undefined;
  const next = record.enabled ? nextEdges(timetable, nowMs, nextCount) : [];
  return {
    id: record.id,
    name: nameOf(entry),
    device_id: record.deviceId,
    group_id: record.groupId,
    enabled: record.enabled,
    ...ruleJson(record.rule),
    action: record.action,
    value: record.value,
    end_action: end === undefined ? null : { action: end.action, value: end.value ?? null },
    created_at: iso(record.createdAtMs),
    updated_at: iso(record.updatedAtMs),
    next_runs: next.map(({ atMs, edge }) => {
      const said = edge === 'end' ? end : begin;
      return {
        at: iso(atMs),
        local: sayLocal(atMs, clock),
        edge,
        ...(record.groupId !== null && { device_ids: deviceIds }),
        action: said?.action ?? null,
        value: said?.value ?? null,
      };
    }),
    last_run: lastRun === undefined ? null : runJson(lastRun),
    problem: problem ?? null,
  };
}

function ruleJson(rule: Rule) {
  switch (rule.kind) {
    case 'weekly':
      return { kind: rule.kind, days: rule.days, start: rule.start, end: rule.end };
    case 'once':
      return { kind: rule.kind, at: rule.at, until: rule.until ?? null };
    case 'cron':
      return {
        kind: rule.kind,
        cron: rule.cron,
        duration_minutes: rule.durationMinutes ?? null,
      };
  }
}

export const runJson = ({ atMs, edge, outcome, count, devices }: RunRecord): RunJson => ({
  at: iso(atMs),
  edge,
  outcome,
  count,
  command_id: devices.find(({ command_id }) => command_id !== null)?.command_id ?? null,
  devices,
});
