/** What the hub says of commands, overrides, schedules and types, as it crosses the wire. */

import type { Value } from './wire.ts';

/** Properties of a device as it reports them: `relay_state`, `fanSpeed`. */
export type StateMap = Readonly<Record<string, Value>>;

export type ValueRange =
  | {
      readonly type: 'integer' | 'number';
      readonly minimum: number;
      readonly maximum: number;
      readonly unit?: string;
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly options: readonly string[] }
  | { readonly type: 'text'; readonly max_length: number }
  | { readonly type: 'object' };

/** What a property is once the action is done. */
export type Effect =
  | Value
  | { readonly from: 'value' }
  /** Whether the action's value is above zero: a fan at 0 is off. */
  | { readonly above_zero: 'value' };

export interface ActionDefinition {
  readonly name: string;
  readonly label: string;
  readonly value?: ValueRange;
  readonly sets?: Readonly<Record<string, Effect>>;
  readonly toggles?: string;
}

/** What devices of a type can do. */
export interface TypeDefinition {
  readonly type: string;
  readonly label: string;
  readonly actions: readonly ActionDefinition[];
  readonly power?: { readonly property: string; readonly on: string; readonly off: string };
  readonly retry: { readonly attempts: number; readonly interval_seconds: number };
}

/** `setConfig` takes an object; everything the dashboard sends is plain. */
export type ActionValue = Value | null | { readonly [name: string]: unknown };

export interface Action {
  readonly action: string;
  readonly value?: ActionValue;
}

export type CommandStatus =
  | 'queued'
  | 'sent'
  | 'delivered'
  | 'acknowledged'
  | 'confirmed'
  | 'rejected'
  | 'expired'
  | 'timed_out'
  | 'cancelled';

export interface Command {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: ActionValue;
  /** It is there, but not for whoever looks. */
  readonly value_hidden?: true;
  readonly status: CommandStatus;
  readonly attempts: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly sent_at: string | null;
  readonly delivered_at: string | null;
  readonly acknowledged_at: string | null;
  readonly confirmed_at: string | null;
  readonly error: string | null;
  readonly source: 'manual' | 'scene' | 'schedule' | 'override' | 'restore';
  /** `person:Anna`, `token:car`, `local`, or `hub`. */
  readonly requested_by: string;
  readonly batch_id: string | null;
}

export interface Override {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: ActionValue;
  readonly status: 'active' | 'ended' | 'cancelled' | 'replaced';
  readonly started_at: string;
  readonly ends_at: string;
  /** Not known while the clock of the hub is behind. */
  readonly remaining_seconds: number | null;
  readonly previous: StateMap | null;
  readonly requested_by: string;
  readonly command_id: string | null;
  readonly ended_at: string | null;
  readonly ended_because: string | null;
}

export interface Alert {
  readonly id: string;
  readonly at: string;
  readonly last_at: string;
  readonly count: number;
  readonly kind: string;
  readonly device_id: string | null;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly devices: readonly string[];
}

export interface Scene {
  readonly id: string;
  readonly name: string;
  readonly commands: readonly {
    readonly device_id: string | null;
    readonly group_id: string | null;
    readonly action: string;
    readonly value: ActionValue;
  }[];
}

/** What became of commands that were asked for together. */
export interface Run {
  readonly batch_id: string;
  readonly status: 'pending' | 'done' | 'partly' | 'failed';
  readonly commands: readonly Command[];
  readonly refused: readonly {
    readonly device_id: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/** A day of the week, as schedules name them. */
export type DayName = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** What became of one moment of a schedule. */
export interface ScheduleRun {
  readonly at: string;
  readonly edge: 'start' | 'end' | 'once';
  readonly outcome: 'done' | 'missed';
  /** How many moments it stands for: those missed while the hub was off are one row. */
  readonly count: number;
  readonly devices: readonly {
    readonly device_id: string;
    readonly outcome: 'sent' | 'already' | 'pending' | 'overridden' | 'left' | 'failed';
    readonly error?: string;
  }[];
}

export interface Schedule {
  readonly id: string;
  /** Its times, when nobody has given it a name. */
  readonly name: string;
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly enabled: boolean;
  readonly kind: 'weekly' | 'once' | 'cron';
  readonly days?: readonly DayName[];
  /** `18:00`, `sunset` or `sunrise+00:30`. */
  readonly start?: string;
  readonly end?: string;
  readonly at?: string;
  readonly until?: string | null;
  readonly cron?: string;
  readonly duration_minutes?: number | null;
  readonly action: string;
  readonly value: ActionValue;
  /** Null: the device is left as it is. */
  readonly end_action: { readonly action: string; readonly value: ActionValue } | null;
  readonly next_runs: readonly {
    readonly at: string;
    readonly edge: 'start' | 'end' | 'once';
    readonly action: string | null;
    readonly value: ActionValue;
  }[];
  readonly last_run: ScheduleRun | null;
  /** Why it cannot run as the hub is set up now. */
  readonly problem?: string | null;
}

/** What is asked of a schedule; what is left out stays, or is the hub's to choose. */
export interface ScheduleInput {
  readonly name?: string | null;
  readonly device_id?: string | null;
  readonly group_id?: string | null;
  readonly enabled?: boolean;
  readonly days?: readonly DayName[];
  readonly start?: string;
  readonly end?: string;
  readonly at?: string;
  readonly until?: string | null;
  readonly cron?: string;
  readonly duration_minutes?: number | null;
  readonly action?: string;
  readonly value?: ActionValue;
  readonly end_action?: 'default' | Action | null;
}

/** What should hold for a device, and because of what. */
export interface Why {
  readonly device_id: string;
  readonly holds: Action | { readonly state: StateMap } | null;
  readonly because: {
    readonly kind:
      | 'override'
      | 'manual'
      | 'restore'
      | 'schedule'
      | 'schedule_end'
      | 'schedule_once'
      | 'nothing';
    readonly name: string | null;
  };
  readonly since: string | null;
  readonly until: string | null;
  readonly next: { readonly at: string; readonly text: string } | null;
  /** What the device is like: of each property what it said last. */
  readonly reported: StateMap;
  readonly agrees: 'agrees' | 'differs' | 'unknown' | null;
}
