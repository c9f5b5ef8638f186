/** A schedule as it is kept, and what it is for. Times are milliseconds since 1970 UTC. */

import type { Action, ActionValue } from '#devices';
import { HearthError } from '#kernel';
import type { Rule } from './time/rule.ts';
import type { EdgeKind } from './time/timetable.ts';

export interface ScheduleRecord {
  readonly id: string;
  /** Null: it is called by its times. */
  readonly name: string | null;
  /** Either a device or a group. */
  readonly deviceId: string | null;
  readonly groupId: string | null;
  readonly enabled: boolean;
  readonly rule: Rule;
  readonly action: string;
  readonly value: ActionValue;
  /** `default` is what turns the device's type off; null leaves the device as it is. */
  readonly endAction: Action | 'default' | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly effectiveFromMs: number;
}

/**
 * What became of an edge at a device: `already` when it was so, `overridden` while an override or a
 * newer word has precedence, `left` when nothing is to be done.
 */
export type RunOutcome = 'sent' | 'already' | 'pending' | 'overridden' | 'left' | 'failed';

export interface DeviceRun {
  readonly device_id: string;
  readonly outcome: RunOutcome;
  readonly command_id: string | null;
  readonly error?: string;
}

export interface RunRecord {
  readonly seq: number;
  readonly scheduleId: string;
  readonly atMs: number;
  readonly edge: EdgeKind;
  readonly outcome: 'done' | 'missed';
  /** How many edges the row stands for: more than one only for those that were missed. */
  readonly count: number;
  readonly devices: readonly DeviceRun[];
}

export const unknownSchedule = (id: string): HearthError =>
  new HearthError('not_found', `there is no schedule "${id.slice(0, 64)}"`, {
    field: 'id',
    hint: 'The list of schedules shows the id of each.',
  });
