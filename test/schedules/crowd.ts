import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit } from '#audit';
import { Commands, type DevicePort } from '#commands';
import { DueQueue, migrate, migrations, openDatabase } from '#db';
import type { StateMap } from '#devices';
import { silentLog } from '#kernel';
import type { DirectMessage, DirectOutcome } from '#mqtt';
import { Overrides } from '#overrides';
import { Schedules } from '#schedules';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { definitionOf, mondayMs } from './stage.ts';

/** Many purifiers, all in one group; with real commands, schedules and overrides on a real database. */
export interface Crowd {
  readonly ids: readonly string[];
  readonly clock: ManualClock;
  readonly commands: Commands;
  readonly schedules: Schedules;
  readonly overrides: Overrides;
  readonly reported: Map<string, StateMap>;
  /** `device action value` of what went out. */
  readonly heard: string[];
  /** How often something was committed meanwhile, which each time waits for the disk. */
  commitsOf(work: () => void): number;
  /** Every device answers all that it was sent. */
  answer(): void;
}

export async function openCrowd(count: number): Promise<Crowd> {
  const path = join(await temporaryDirectory(), 'hearth.db');
  const db = openDatabase(path);
  db.pragma('wal_autocheckpoint = 0');
  migrate(db, migrations);
  const ids = Array.from({ length: count }, (_, index) => `air-${index}`);
  const insert = db.prepare(
    "INSERT INTO devices VALUES (?, ?, '', 'purifier', NULL, 'active', NULL, NULL, 0, 0)",
  );
  db.transaction(() => {
    for (const id of ids) insert.run(id, id);
  })();
  const clock = new ManualClock(mondayMs);
  const shared = { db, clock, log: silentLog };
  const due = new DueQueue(shared);
  const audit = new Audit(shared);
  const reported = new Map<string, StateMap>();
  const heard: string[] = [];
  const unanswered: { readonly deviceId: string; readonly id: string }[] = [];
  const known = new Set(ids);
  const devices = {
    get: (id: string) => ({ id, state: 'active', status: 'online' }) as const,
    list: () => ids.map((id) => ({ id })),
    exists: (id: string) => known.has(id),
    definitionOf: () => definitionOf('purifier'),
    reported: (id: string) => reported.get(id) ?? {},
    takeReport: (id: string, state: StateMap) => {
      reported.set(id, { ...reported.get(id), ...state });
    },
  } satisfies DevicePort & { list(): unknown; exists(id: string): boolean };
  const send = (message: DirectMessage): DirectOutcome => {
    const deviceId = message.to.name;
    const topic = `devices/${deviceId}/command`;
    const { id, action, value } = JSON.parse(String(message.payloadFor(topic)));
    heard.push(`${deviceId} ${action} ${value}`);
    unanswered.push({ deviceId, id });
    return { sent: true, topic, qos: 1 };
  };
  const sign = ({ body }: { readonly body: object }) => JSON.stringify(body);
  const commands = new Commands({
    ...shared,
    due,
    audit,
    devices,
    sign,
    send,
    retentionDays: 30,
  });
  const schedules: Schedules = new Schedules({
    ...shared,
    due,
    audit,
    devices,
    groups: { members: () => ids, exists: (id) => id === 'all' },
    commands,
    overrideOf: (id) => overrides.activeOf(id),
    place: { timeZone: 'Europe/Berlin' },
  });
  const overrides: Overrides = new Overrides({ ...shared, due, audit, devices, schedules });
  commands.onChange.listen((command) => {
    overrides.onCommand(command);
    schedules.onCommand(command);
  });
  due.onPlausible.listen(() => schedules.settleAfterBoot());
  await due.start();
  await commands.start();
  await schedules.start();
  await overrides.start();
  due.open();
  onTestFinished(async () => {
    due.close();
    await commands.stop();
    db.close();
  });
  return {
    ids,
    clock,
    commands,
    schedules,
    overrides,
    reported,
    heard,
    commitsOf: (work) => {
      const before = commitsIn(`${path}-wal`);
      work();
      return commitsIn(`${path}-wal`) - before;
    },
    answer: () => {
      for (const { deviceId, id } of unanswered.splice(0)) {
        const topic = `devices/${deviceId}/ack`;
        const payload = Buffer.from(JSON.stringify({ id, status: 'ok' }));
        commands.accept(deviceId)({
          identity: { kind: 'device', name: deviceId },
          clientId: deviceId,
          topic,
          payload,
          qos: 1,
          retain: false,
          duplicate: false,
          packetId: 1,
        });
      }
    },
  };
}

/** The frames of a write-ahead log that end a transaction say how large the database is then. */
function commitsIn(path: string): number {
  const log = readFileSync(path);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) {
    if (log.readUInt32BE(at + 4) > 0) commits += 1;
  }
  return commits;
}
