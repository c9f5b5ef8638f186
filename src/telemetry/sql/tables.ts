import type { HandedRows } from './types.ts';

/** A device as it is told of. */
export interface SqlDevice {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The id of its room. */
  readonly room: string | null;
  readonly status: string;
  readonly state: string;
  readonly description: string;
  readonly firmware_version: string | null;
  readonly last_seen: string | null;
  readonly created_at: string;
}

export interface SqlRoom {
  readonly id: string;
  readonly name: string;
}

/** A command as it is told of. */
export interface SqlCommand {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: unknown;
  readonly status: string;
  readonly source: string;
  readonly requested_by: string;
  readonly error: string | null;
  readonly created_at: string;
  readonly sent_at: string | null;
  readonly acknowledged_at: string | null;
  readonly confirmed_at: string | null;
}

/** Commands, newest first, at most `limit`, of those before `before`. */
export type CommandPages = (page: {
  readonly limit: number;
  readonly before?: string | undefined;
}) => readonly SqlCommand[];

const pageRows = 500;
/** The newest of them; the rest is REST's to page through. */
const mostCommands = 50_000;

export function deviceRows(
  devices: readonly SqlDevice[],
  rooms: readonly SqlRoom[],
): HandedRows<'devices'> {
  const roomNames = new Map(rooms.map(({ id, name }) => [id, name]));
  return devices.map((device) => ({
    id: device.id,
    name: device.name,
    type: device.type,
    room_id: device.room,
    room: device.room === null ? null : (roomNames.get(device.room) ?? null),
    status: device.status,
    state: device.state,
    description: device.description,
    firmware_version: device.firmware_version,
    last_seen: device.last_seen,
    created_at: device.created_at,
  }));
}

/** All commands, a page at a time, so that nothing else waits for long. */
export async function commandRows(pages: CommandPages): Promise<HandedRows<'commands'>> {
  const rows: HandedRows<'commands'>[number][] = [];
  for (let before: string | undefined; rows.length < mostCommands; ) {
    const page = pages({ limit: pageRows, before });
    rows.push(...page.map(commandRow));
    before = page.at(-1)?.id;
    if (page.length < pageRows) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}

const commandRow = (command: SqlCommand): HandedRows<'commands'>[number] => ({
  id: command.id,
  device_id: command.device_id,
  action: command.action,
  value: valueText(command.value),
  status: command.status,
  source: command.source,
  requested_by: command.requested_by,
  error: command.error,
  created_at: command.created_at,
  sent_at: command.sent_at,
  acknowledged_at: command.acknowledged_at,
  confirmed_at: command.confirmed_at,
});

function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
