/** What the hub sends: the JSON of the REST API and of the live WebSocket, as it crosses the wire. */

import type { Alert, Command, Override } from './control-wire.ts';

export type Value = number | boolean | string;

export type Role = 'owner' | 'admin' | 'member' | 'guest' | 'service';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly role: Role;
}

/** The last value of each metric, and when the newest of them was measured. */
export type Latest = { readonly timestamp: string } & Readonly<Record<string, Value>>;

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: string;
  /** A room's id. */
  readonly room: string | null;
  readonly status: 'online' | 'offline';
  readonly state: 'active' | 'maintenance' | 'disabled';
  readonly last_seen: string | null;
  readonly firmware_version: string | null;
  readonly hardware_version: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly latest: Latest | null;
  /** What it said of itself beside readings: with a status message, or with an answer. */
  readonly reported: Readonly<Record<string, Value>>;
  /** Metrics that are kept encrypted, and shown only to those who may see them. */
  readonly sensitive?: readonly string[];
  /** How many attempts of this device were refused; absent for whoever may not read of them. */
  readonly denied?: number;
}

/** Attempts of one kind that were refused, counted from the first (`at`) to the last (`last_at`). */
export interface Denial {
  readonly at: string;
  readonly last_at: string;
  readonly count: number;
  readonly device_id: string | null;
  readonly action: 'connect' | 'publish' | 'subscribe';
  readonly topic: string;
  readonly client_id: string;
  readonly remote_address: string;
  readonly reason: string;
}

export interface Room {
  readonly id: string;
  readonly name: string;
  /** Where the room stands in lists, lowest first. */
  readonly order: number;
}

/** Numbers of one metric over a stretch of time; `null` where there was nothing to count. */
export interface Statistics {
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
}

/** One answer row: `timestamp`, then `<metric>_avg`, `<metric>_min` …; a gap is `null`. */
export type TelemetryRow = { readonly timestamp: string } & Readonly<Record<string, Value | null>>;

export type ServerMessage =
  | {
      readonly type: 'welcome';
      readonly server_time: string;
      readonly home: string;
      readonly devices: readonly Device[];
      /** The ids of those that whoever asks may control; null for all of them. */
      readonly controls?: readonly string[] | null;
    }
  | {
      readonly type: 'telemetry';
      readonly device_id: string;
      readonly timestamp: string;
      readonly values: Readonly<Record<string, Value>>;
    }
  | { readonly type: 'device'; readonly change: string; readonly device: Device }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'override'; readonly override: Override }
  | { readonly type: 'alert'; readonly alert: Alert }
  /** What there is of these is asked for anew. */
  | { readonly type: 'schedule' | 'scene' | 'group' | 'config' | 'device_type' }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'subscribed' | 'unsubscribed' | 'pong' };
