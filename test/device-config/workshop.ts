import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit } from '#audit';
import type { Command } from '#commands';
import { type Db, DueQueue, migrate, migrations, openDatabase } from '#db';
import { DeviceConfig } from '#device-config';
import { HearthError, silentLog, sortableId } from '#kernel';
import type { DirectMessage, DirectOutcome } from '#mqtt';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export const startMs = Date.parse('2026-03-01T08:00:00Z');
export const minute = 60_000;
export const anna = { requestedBy: 'person:Anna' };

export interface Sent {
  readonly topics: readonly string[];
  readonly payload: Record<string, unknown>;
}

/** A hub's configuration documents on a real database. `restart` is a power cut. */
export class Workshop {
  readonly clock = new ManualClock(startMs);
  readonly known = new Set<string>();
  readonly sent: Sent[] = [];
  /** Each change as `device desired/reported problem`. */
  readonly changes: string[] = [];
  outcome: DirectOutcome = { sent: true, topic: 'devices/lock/config', qos: 1 };
  failAudit = false;
  readonly #path: string;
  db!: Db;
  due!: DueQueue;
  config!: DeviceConfig;

  constructor(directory: string) {
    this.#path = join(directory, 'hearth.db');
  }

  static async open(): Promise<Workshop> {
    const workshop = new Workshop(await temporaryDirectory());
    onTestFinished(() => {
      workshop.db.close();
    });
    await workshop.start();
    workshop.addDevice('lock');
    return workshop;
  }

  async start(): Promise<void> {
    const { clock } = this;
    this.db = openDatabase(this.#path);
    migrate(this.db, migrations);
    const { db } = this;
    this.due = new DueQueue({ db, clock, log: silentLog });
    const audit = new Audit({ db, clock });
    this.config = new DeviceConfig({
      db,
      due: this.due,
      audit: {
        append: (entry) => {
          if (this.failAudit) throw new HearthError('storage_full', 'the disk is full');
          audit.append(entry);
        },
      },
      devices: {
        get: (id) => {
          if (!this.known.has(id)) throw new HearthError('not_found', `there is no device "${id}"`);
          return {};
        },
        exists: (id) => this.known.has(id),
      },
      sign: ({ deviceId, purpose, body }) =>
        JSON.stringify({ ...body, signature: `${purpose} for ${deviceId}` }),
      send: (message) => this.#send(message),
      clock,
      log: silentLog,
    });
    this.config.onChange.listen(({ device_id, desired, reported, problem }) => {
      const versions = `${desired?.version ?? '-'}/${reported?.version ?? '-'}`;
      this.changes.push([device_id, versions, problem].filter(Boolean).join(' '));
    });
    await this.config.start();
    await this.due.start();
    this.due.open();
  }

  async restart(offMs = 0, stops = false): Promise<void> {
    this.due.close();
    if (stops) await this.config.stop();
    this.db.close();
    this.clock.advance(offMs);
    await this.start();
  }

  addDevice(id: string): void {
    this.db
      .prepare("INSERT INTO devices VALUES (?, ?, '', 'lock', NULL, 'active', NULL, NULL, 0, 0)")
      .run(id, id);
    this.known.add(id);
  }

  removeDevice(id: string): void {
    this.db.prepare('DELETE FROM devices WHERE id = ?').run(id);
    this.known.delete(id);
    this.config.forget(id);
  }

  set(config: Record<string, unknown>) {
    return this.config.set('lock', { config, ...anna });
  }

  /** The versions that went out. */
  versions(): unknown[] {
    return this.sent.map(({ payload }) => payload.version);
  }

  command(given: Partial<Command>): Command {
    const nowMs = this.clock.nowMs();
    return {
      id: sortableId(nowMs),
      device_id: 'lock',
      action: 'setConfig',
      value: { auto_lock: true },
      status: 'queued',
      attempts: 0,
      created_at: new Date(nowMs).toISOString(),
      expires_at: new Date(nowMs + 10 * minute).toISOString(),
      sent_at: null,
      delivered_at: null,
      acknowledged_at: null,
      confirmed_at: null,
      error: null,
      source: 'manual',
      requested_by: 'person:Ben',
      batch_id: null,
      ...given,
    };
  }

  #send(message: DirectMessage): DirectOutcome {
    if (this.outcome.sent) {
      const payload = JSON.parse(String(message.payloadFor(message.topics[0] ?? '')));
      this.sent.push({ topics: message.topics, payload });
    }
    return this.outcome;
  }
}
