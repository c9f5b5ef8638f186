import type { AuditPort } from '#auth';
import type { Config } from '#config';
import type { Db } from '#db';
import type { Clock, Log } from '#kernel';
import type { Vault } from '#secrets';
import type { MessageProtection, Value } from './types.ts';
import type { FaultPoint } from './worker/fault-points.ts';

/** What telemetry needs to know of devices. */
export interface KnownDevices {
  exists(deviceId: string): boolean;
  /** All of them, for what is about types, rooms or the home. */
  list?(): readonly {
    readonly id: string;
    readonly type: string;
    readonly room: string | null;
  }[];
  readonly rooms?: { list(): readonly { readonly id: string; readonly name: string }[] };
  /** The metrics whose values are kept encrypted; asked for each message. */
  sensitiveOf(deviceId: string): ReadonlySet<string>;
  latest(
    deviceId: string,
  ): { readonly timeUs: number; readonly values: Readonly<Record<string, Value>> } | undefined;
}

export interface TelemetryOptions {
  /** A directory of its own, made where it is missing. */
  readonly directory: string;
  /** hearth.db: for the high-water mark only. */
  readonly db: Db;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly devices: KnownDevices;
  /** Checks signatures and opens boxes; without it every message is read as it stands. */
  readonly protection?: MessageProtection;
  /** Seals the keys of sensitive metrics; without it what is sensitive is refused. */
  readonly vault?: Vault;
  /** The journal grows no further than this many bytes; 2 GB by default. */
  readonly journalBytes?: number;
  /** Writes down who changed what is kept, and who deleted what. */
  readonly audit?: AuditPort;
  /** A day's file that holds more readings than this is left alone; 5 million by default. */
  readonly dayPoints?: number;
  /** Ends the process at this moment, as a power cut would: for tests alone. */
  readonly dieAt?: FaultPoint;
  /** Bytes that are free on the disk; asked of the file system of `directory` by default. */
  readonly freeBytes?: () => number | undefined;
}
