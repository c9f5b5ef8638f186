import type { Snapshot } from '../worker/protocol.ts';

/** What the hub hands to a statement beside history: tables of its own, by name and column. */

export type HandedColumnType = 'text' | 'time' | 'flag';

export const handedColumns = {
  devices: {
    id: 'text',
    name: 'text',
    type: 'text',
    room_id: 'text',
    room: 'text',
    status: 'text',
    state: 'text',
    description: 'text',
    firmware_version: 'text',
    last_seen: 'time',
    created_at: 'time',
  },
  commands: {
    id: 'text',
    device_id: 'text',
    action: 'text',
    value: 'text',
    status: 'text',
    source: 'text',
    requested_by: 'text',
    error: 'text',
    created_at: 'time',
    sent_at: 'time',
    acknowledged_at: 'time',
    confirmed_at: 'time',
  },
} as const satisfies Record<string, Record<string, HandedColumnType>>;

export type HandedTable = keyof typeof handedColumns;

/** Rows of one of those tables: times as ISO 8601. */
export type HandedRows<Table extends HandedTable> = readonly {
  readonly [Column in keyof (typeof handedColumns)[Table]]: string | boolean | null;
}[];

/** What a statement is to be answered from; absent where it does not name it. */
export interface SqlSources {
  readonly snapshot?: Snapshot;
  readonly devices?: HandedRows<'devices'>;
  readonly commands?: HandedRows<'commands'>;
}
