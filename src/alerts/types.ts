export const alertKinds = [
  'command_timed_out',
  'bad_signature',
  'clock_behind',
  /** A device's certificate ends within 30 days, and was not renewed. */
  'certificate_expiring',
  /** Someone tried to join with a wrong key, or with too many wrong codes. */
  'join_refused',
  /** Rows of the audit were changed or removed. */
  'audit_altered',
  /** The disk is so full that readings will go before their time. */
  'disk_low',
  /** They went. */
  'history_shortened',
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Something that the owner should know of, as the part that noticed it tells it. */
export interface NewAlert {
  readonly kind: AlertKind;
  readonly deviceId?: string;
  /** One plain sentence. */
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An alert in JSON, as REST and WebSocket show it. Times are ISO 8601 UTC. */
export interface Alert {
  readonly id: string;
  readonly at: string;
  readonly last_at: string;
  /** How often it happened, as far as it was the same again within the hour. */
  readonly count: number;
  readonly kind: AlertKind;
  readonly device_id: string | null;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
