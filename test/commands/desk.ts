import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { NewAlert } from '#alerts';
import { Audit } from '#audit';
import { type Command, type CommandRequest, Commands, type DevicePort } from '#commands';
import { type Db, DueQueue, migrate, migrations, openDatabase } from '#db';
import type { StateMap } from '#devices';
import { HearthError, silentLog } from '#kernel';
import type { DirectMessage, DirectOutcome } from '#mqtt';
import { shipped } from '../../src/devices/definitions/shipped.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export const startMs = Date.parse('2026-03-01T08:00:00Z');

/** What reached a device: the JSON on its topic, and when. */
export interface Arrival {
  readonly deviceId: string;
  readonly topic: string;
  readonly atMs: number;
  readonly body: Record<string, unknown>;
  readonly delivered: () => void;
  /** The connection ends, and no PUBACK came. */
  readonly lost: () => void;
}

/** How a device is connected: to which topic, or why it cannot be reached. */
export type Line =
  | { readonly topic: string; readonly qos?: 0 | 1 }
  | 'away'
  | 'not_subscribed'
  | 'busy';

/** The slice on a real database with the real due-queue and audit; the broker is scripted. */
export interface Desk {
  readonly directory: string;
  readonly db: Db;
  readonly clock: ManualClock;
  readonly due: DueQueue;
  readonly commands: Commands;
  readonly lines: Map<string, Line>;
  readonly states: Map<string, 'active' | 'maintenance' | 'disabled'>;
  readonly types: Map<string, string>;
  readonly reported: Map<string, StateMap>;
  readonly arrivals: Arrival[];
  readonly changes: Command[];
  readonly alerts: NewAlert[];
  send(action: string, more?: Partial<CommandRequest>): Command;
  /** An answer of the device on its topic. */
  answer(body: object | string, deviceId?: string): Promise<void> | undefined;
  status(values: StateMap, deviceId?: string): void;
  reading(values: StateMap, receivedAtMs?: number, deviceId?: string, timeMs?: number): void;
  /** The device connects and subscribes. */
  comes(line: Line, deviceId?: string): void;
  /** `event detail` of a command, in order. */
  historyOf(id: string): string[];
  auditOf(action: string): object[];
  stop(): Promise<void>;
}

interface Audited {
  readonly detail: string;
}

export const native = (deviceId = 'fan'): Line => ({ topic: `devices/${deviceId}/command` });
export const purifier = (deviceId = 'fan'): Line => ({ topic: `device/${deviceId}/command` });
export const plug = (qos: 0 | 1 = 1): Line => ({ topic: 'smartplug/plug/control', qos });

export interface DeskOptions {
  /** A directory that a desk before this one worked in. */
  readonly at?: string;
  readonly startMs?: number;
  readonly line?: Line;
  readonly retentionDays?: number;
  readonly onSend?: (message: DirectMessage) => void;
  /** Something else that is due, and what it does after its commit. */
  readonly onDue?: readonly [kind: string, action: () => void];
}

export async function openDesk(options: DeskOptions = {}): Promise<Desk> {
  const directory = options.at ?? (await temporaryDirectory());
  const clock = new ManualClock(options.startMs ?? startMs);
  const db = openDatabase(join(directory, 'hearth.db'));
  migrate(db, migrations);
  for (const id of ['fan', 'plug', 'reader']) addDevice(db, id);
  const types = new Map([
    ['fan', 'purifier'],
    ['plug', 'plug'],
    ['reader', 'reader'],
  ]);
  const lines = new Map<string, Line>([['fan', options.line ?? native()]]);
  const states: Desk['states'] = new Map();
  const reported = new Map<string, StateMap>();
  const arrivals: Arrival[] = [];
  const due = new DueQueue({ db, clock, log: silentLog });
  const audit = new Audit({ db, clock });
  const devices: DevicePort = {
    get: (id) => {
      if (!types.has(id)) throw new HearthError('not_found', `there is no device "${id}"`);
      return { state: states.get(id) ?? 'active' };
    },
    definitionOf: (id) => {
      const definition = shipped.find(({ type }) => type === types.get(id));
      if (definition === undefined) throw new Error(`no definition of ${id}`);
      return definition;
    },
    reported: (id) => reported.get(id) ?? {},
    takeReport: (id, state) => reported.set(id, { ...reported.get(id), ...state }),
  };
  const send = (message: DirectMessage): DirectOutcome => {
    options.onSend?.(message);
    const deviceId = message.to.name;
    const line = lines.get(deviceId) ?? 'away';
    if (typeof line === 'string') return { sent: false, reason: line };
    const { topic, qos = 1 } = line;
    arrivals.push({
      deviceId,
      topic,
      atMs: clock.nowMs(),
      body: JSON.parse(String(message.payloadFor(topic))),
      delivered: () => message.onDelivered?.(),
      lost: () => message.onLost?.(),
    });
    return { sent: true, topic, qos };
  };
  const commands = new Commands({
    db,
    due,
    audit,
    devices,
    sign: ({ deviceId, purpose, body }) =>
      JSON.stringify({ ...body, signature: `${purpose} ${deviceId}` }),
    send,
    retentionDays: options.retentionDays ?? 30,
    clock,
    log: silentLog,
  });
  const changes: Command[] = [];
  const alerts: NewAlert[] = [];
  commands.onChange.listen((command) => changes.push(command));
  commands.onAlert.listen((alert) => alerts.push(alert));
  if (options.onDue) {
    const [kind, action] = options.onDue;
    due.handle(kind, () => action);
  }
  await due.start();
  await commands.start();
  due.open();
  let isOpen = true;
  const stop = async () => {
    if (!isOpen) return;
    isOpen = false;
    await due.stop();
    await commands.stop();
    db.close();
  };
  onTestFinished(stop);
  const inlet = (deviceId: string) => commands.accept(deviceId);
  return {
    directory,
    db,
    clock,
    due,
    commands,
    lines,
    states,
    types,
    reported,
    arrivals,
    changes,
    alerts,
    send: (action, more = {}) =>
      commands.send({
        deviceId: 'fan',
        action,
        source: 'manual',
        requestedBy: 'person:owner',
        ...more,
      }),
    answer: (body, deviceId = 'fan') =>
      inlet(deviceId)({
        identity: { kind: 'device', name: deviceId },
        clientId: deviceId,
        topic: `devices/${deviceId}/ack`,
        payload: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        qos: 1,
        retain: false,
        duplicate: false,
        packetId: 1,
      }),
    status: (values, deviceId = 'fan') =>
      commands.onStatus({ deviceId, receivedAtMs: clock.nowMs(), values }),
    reading: (values, receivedAtMs = clock.nowMs(), deviceId = 'fan', timeMs = receivedAtMs) =>
      commands.onSamples([
        { deviceId, timeUs: timeMs * 1000, receivedUs: receivedAtMs * 1000, values },
      ]),
    comes: (line, deviceId = 'fan') => {
      lines.set(deviceId, line);
      commands.onReachable(deviceId);
    },
    historyOf: (id) => commands.history(id).map(({ event, detail }) => `${event} ${detail}`.trim()),
    auditOf: (action) => {
      const rows = db
        .prepare<[string], Audited>('SELECT * FROM audit WHERE action = ? ORDER BY seq')
        .all(action);
      return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
    },
    stop,
  };
}

function addDevice(db: Db, id: string): void {
  db.prepare(
    `INSERT OR IGNORE INTO devices (id, name, description, type, state, created_at_ms, updated_at_ms)
     VALUES (?, ?, '', 'generic', 'active', 0, 0)`,
  ).run(id, id);
}

/** As a power cut leaves it: nothing is stopped, nothing is flushed. */
export async function cutPower(desk: Desk, options: DeskOptions = {}): Promise<Desk> {
  desk.db.close();
  return openDesk({ startMs: desk.clock.nowMs(), ...options, at: desk.directory });
}

/** As a restart leaves it. */
export async function restart(desk: Desk, options: DeskOptions = {}): Promise<Desk> {
  await desk.stop();
  return openDesk({ startMs: desk.clock.nowMs(), ...options, at: desk.directory });
}
