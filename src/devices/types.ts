/** The words of this slice: what it keeps, and the narrow doors it needs from its neighbours. */

import type { Caller, Role } from '#auth';
import type { StateMap } from './definitions/types.ts';

export const deviceStates = ['active', 'maintenance', 'disabled'] as const;
export type DeviceState = (typeof deviceStates)[number];

/** A device as the registry keeps it; what it last said of itself is a `DeviceReport`. */
export interface DeviceRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: string;
  /** A room's id. */
  readonly room: string | null;
  readonly state: DeviceState;
  readonly firmwareVersion: string | null;
  readonly hardwareVersion: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Room {
  readonly id: string;
  readonly name: string;
  /** Where the room stands in lists, lowest first. */
  readonly order: number;
}

export type Scalar = number | boolean | string;

/** One reading after its commit: the part of telemetry's `Sample` that a device's state needs. */
export interface StateSample {
  readonly deviceId: string;
  /** Microseconds since 1970 UTC. */
  readonly timeUs: number;
  /** When the hub got it; microseconds since 1970 UTC. */
  readonly receivedUs: number;
  /** What anyone who sees the device may see. */
  readonly values: Readonly<Record<string, Scalar>>;
  /** What only those may see who may see what is sensitive. */
  readonly sensitive?: Readonly<Record<string, Scalar>>;
}

/** Readings that are to leave no trace: of a device, from `startUs`, before `endUs`. */
export interface ErasedReadings {
  readonly deviceId: string;
  /** All of them when not given. */
  readonly metrics?: readonly string[];
  readonly startUs: number;
  readonly endUs: number;
}

export interface LatestValues {
  /** The newest of the readings behind `values`; microseconds since 1970 UTC. */
  readonly timeUs: number;
  readonly values: Readonly<Record<string, Scalar>>;
}

/** A device in JSON, as REST, WebSocket and CLI show it. Times are ISO 8601 UTC. */
export interface Device {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly room: string | null;
  readonly status: 'online' | 'offline';
  readonly state: DeviceState;
  readonly last_seen: string | null;
  readonly firmware_version: string | null;
  readonly hardware_version: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** The newest value of each metric, and the newest of their times as `timestamp`. */
  readonly latest: Readonly<Record<string, Scalar>> | null;
  /** What it said of itself in status messages, and of what it is told to be (`relay_state`): the newest. */
  readonly reported: Readonly<Record<string, Scalar>>;
  /**
   * How many attempts of this device were refused since the hub started; absent for whoever may not
   * read what they were.
   */
  readonly denied?: number;
  /** The metrics of which no values are shown here; absent when there are none. */
  readonly sensitive?: readonly string[];
}

export interface DeviceChange {
  readonly change: 'created' | 'updated' | 'removed' | 'online' | 'offline' | 'state';
  readonly device: Device;
}

/** A status message, after it was taken in. */
export interface StatusNews {
  readonly deviceId: string;
  /** Where it was said; empty for a heartbeat over HTTP. */
  readonly topic: string;
  /** Wall clock; milliseconds since 1970 UTC. */
  readonly receivedAtMs: number;
  /** All it said but whether the device is online. */
  readonly values: StateMap;
}

/** What the certificate authority must answer here. */
export interface CertificateAuthority {
  readonly caPem: string;
  issueClient(request: { deviceId: string; csrPem?: string }): Promise<IssuedCertificate>;
  identify(
    der: Uint8Array,
  ):
    | { readonly deviceId: string; readonly serial: string }
    | { readonly refused: 'unknown' | 'expired' | 'revoked'; readonly deviceId?: string };
  certificatesOf(deviceId: string): readonly CertificateRecord[];
  /** Returns the serials that were revoked. */
  revokeAll(deviceId: string): readonly string[];
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** Absent when the device brought its own request: its key never leaves it. */
  readonly keyPem?: string | undefined;
  readonly serial: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
}

/** Times are ISO 8601 UTC. */
export interface CertificateRecord {
  readonly serial: string;
  readonly fingerprint256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly revokedAt: string | undefined;
}

/** What the people slice must answer here. */
export interface Accounts {
  readonly credentials: {
    verify(
      name: string,
      password: string,
      remoteAddress: string,
    ): Promise<{ readonly name: string; readonly role: 'service' | 'device' } | undefined>;
    /** Removes a credential if it is of that role; returns whether it was. */
    remove(name: string, role: 'device'): boolean;
  };
  callerOfToken(token: string): Caller | undefined;
  readonly tokens: {
    list(): readonly { readonly id: string; readonly name: string; readonly role: Role }[];
  };
  readonly onRevoked: {
    listen(
      listener: (news: {
        readonly kind: 'token' | 'credential' | 'person' | 'session';
        readonly id: string;
        readonly name: string;
      }) => void,
    ): () => void;
  };
}
