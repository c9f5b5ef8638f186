import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit } from '#audit';
import type { Command } from '#commands';
import { type Db, DueQueue, migrate, migrations, openDatabase } from '#db';
import { type Device, expectedState, type StateMap, type TypeDefinition } from '#devices';
import { HearthError, silentLog, sortableId } from '#kernel';
import { type Override, Overrides } from '#overrides';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export const startMs = Date.parse('2026-03-01T08:00:00Z');
export const minute = 60_000;

const retry = { attempts: 3, interval_seconds: 30 };

export const purifier: TypeDefinition = {
  type: 'purifier',
  label: 'Air purifier',
  actions: [
    { name: 'turnOn', label: 'On', sets: { powerOn: true } },
    { name: 'turnOff', label: 'Off', sets: { powerOn: false } },
    { name: 'togglePower', label: 'Over', toggles: 'powerOn' },
    {
      name: 'setFanSpeed',
      label: 'Fan',
      value: { type: 'integer', minimum: 0, maximum: 5 },
      sets: { fanSpeed: { from: 'value' }, powerOn: { above_zero: 'value' } },
    },
    {
      name: 'setMode',
      label: 'Mode',
      value: { type: 'choice', options: ['quiet', 'turbo'] },
      sets: { mode: { from: 'value' } },
    },
    {
      name: 'setLight',
      label: 'Light',
      value: { type: 'integer', minimum: 0, maximum: 9 },
      sets: { light: { from: 'value' } },
    },
    { name: 'beep', label: 'Beep' },
    { name: 'setConfig', label: 'Settings', value: { type: 'object' } },
  ],
  metrics: [],
  power: { property: 'powerOn', on: 'turnOn', off: 'turnOff' },
  retry,
  built_in: false,
};

/** A type that cannot be switched off. */
export const lamp: TypeDefinition = {
  type: 'lamp',
  label: 'Lamp without a switch',
  actions: [
    {
      name: 'dim',
      label: 'Dim',
      value: { type: 'integer', minimum: 0, maximum: 9 },
      sets: { light: { from: 'value' } },
    },
  ],
  metrics: [],
  retry,
  built_in: false,
};

export interface GivenBack {
  readonly deviceId: string;
  readonly overrideId: string;
  readonly atMs: number;
  readonly state: StateMap;
}

/**
 * A hub's overrides on a real database, with a steward that follows the newest word and devices that
 * obey at once. `restart` is a power cut: nothing is told to stop.
 */
export class Residence {
  readonly clock = new ManualClock(startMs);
  readonly types = new Map<string, TypeDefinition>();
  readonly states = new Map<string, Device['state']>();
  /** What each device says of itself. */
  readonly reported = new Map<string, StateMap>();
  readonly commands: Command[] = [];
  readonly reasons: string[] = [];
  /** Who was given back to together. */
  readonly rounds: (readonly string[])[] = [];
  readonly changes: Override[] = [];
  /** Called in the place of a command being sent. */
  onApply: (deviceId: string) => void = () => {};
  failAudit = false;
  readonly #path: string;
  db!: Db;
  due!: DueQueue;
  audit!: Audit;
  overrides!: Overrides;

  readonly #isHasty: boolean;

  constructor(directory: string, isHasty: boolean) {
    this.#path = join(directory, 'hearth.db');
    this.#isHasty = isHasty;
  }

  static async open(): Promise<Residence> {
    const residence = new Residence(await temporaryDirectory(), false);
    onTestFinished(() => {
      residence.db.close();
    });
    await residence.start();
    return residence;
  }

  /** One of many in a test: whoever opens it closes it, and nothing waits for the disk. */
  static async openHastily(directory: string): Promise<Residence> {
    const residence = new Residence(directory, true);
    await residence.start();
    return residence;
  }

  /** `opens`: whether what is due fires already. */
  async start(opens = true): Promise<void> {
    const { clock } = this;
    this.db = openDatabase(this.#path);
    if (this.#isHasty) this.db.pragma('synchronous = OFF');
    migrate(this.db, migrations);
    const { db } = this;
    this.db.exec(`CREATE TABLE IF NOT EXISTS test_baselines (seq INTEGER PRIMARY KEY, json TEXT)`);
    this.due = new DueQueue({ db, clock, log: silentLog });
    this.audit = new Audit({ db, clock });
    this.overrides = new Overrides({
      db,
      due: this.due,
      audit: {
        append: (entry) => {
          if (this.failAudit) throw new HearthError('storage_full', 'the disk is full');
          this.audit.append(entry);
        },
      },
      devices: {
        get: (id) => ({ state: this.#stateOf(id) }),
        exists: (id) => this.types.has(id),
        definitionOf: (id) => this.types.get(id) ?? purifier,
        reported: (id) => this.reported.get(id) ?? {},
      },
      schedules: {
        apply: (deviceId, reason) => this.#apply(deviceId, reason),
        applyAll: (deviceIds, reason) => {
          this.rounds.push(deviceIds);
          for (const deviceId of deviceIds) this.#apply(deviceId, reason);
        },
        owedState: () => undefined,
        saveBaseline: (baseline) => {
          db.prepare('INSERT INTO test_baselines (json) VALUES (?)').run(JSON.stringify(baseline));
        },
      },
      clock,
      log: silentLog,
    });
    this.overrides.onChange.listen((override) => this.changes.push(override));
    await this.overrides.start();
    await this.due.start();
    if (opens) this.due.open();
  }

  async restart(offMs = 0): Promise<void> {
    this.cut();
    this.clock.advance(offMs);
    await this.start();
  }

  /** The power fails: timers of the old run never fire. */
  cut(): void {
    this.due.close();
    this.db.close();
  }

  addDevice(id: string, state: StateMap = {}, type: TypeDefinition = purifier): void {
    this.db
      .prepare("INSERT INTO devices VALUES (?, ?, '', ?, NULL, 'active', NULL, NULL, 0, 0)")
      .run(id, id, type.type);
    this.types.set(id, type);
    this.states.set(id, 'active');
    this.reported.set(id, state);
  }

  removeDevice(id: string): void {
    this.db.prepare('DELETE FROM devices WHERE id = ?').run(id);
    this.types.delete(id);
    this.overrides.forget(id);
  }

  fan(deviceId: string, fanSpeed: number, minutes: number) {
    return this.overrides.begin(deviceId, {
      action: { action: 'setFanSpeed', value: fanSpeed },
      durationMs: minutes * minute,
      requestedBy: 'person:Anna',
    });
  }

  /** Every baseline on disk, oldest first. */
  givenBack(): GivenBack[] {
    return this.db
      .prepare<[], { json: string }>('SELECT json FROM test_baselines ORDER BY seq')
      .all()
      .map(({ json }) => JSON.parse(json) as GivenBack);
  }

  actions(): string[] {
    return this.db
      .prepare<[], { line: string }>(
        "SELECT actor || ' ' || action AS line FROM audit ORDER BY seq",
      )
      .all()
      .map(({ line }) => line);
  }

  command(given: Partial<Command>): Command {
    const nowMs = this.clock.nowMs();
    const iso = new Date(nowMs).toISOString();
    return {
      id: sortableId(nowMs),
      device_id: 'purifier',
      action: 'setFanSpeed',
      value: 3,
      status: 'queued',
      attempts: 0,
      created_at: iso,
      expires_at: iso,
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

  #lastGivenBack(deviceId: string): GivenBack | undefined {
    const row = this.db
      .prepare<[string], { json: string }>(
        "SELECT json FROM test_baselines WHERE json ->> 'deviceId' = ? ORDER BY seq DESC LIMIT 1",
      )
      .get(deviceId);
    return row && (JSON.parse(row.json) as GivenBack);
  }

  #stateOf(id: string): Device['state'] {
    const state = this.types.has(id) ? this.states.get(id) : undefined;
    if (state) return state;
    throw new HearthError('not_found', `there is no device "${id}"`);
  }

  #apply(deviceId: string, reason: string): Command[] {
    this.onApply(deviceId);
    this.reasons.push(reason);
    const word = this.overrides.activeOf(deviceId)?.word;
    const definition = this.types.get(deviceId) ?? purifier;
    const last = this.#lastGivenBack(deviceId);
    const wanted = word?.kind === 'action' ? expectedState(definition, word) : (last?.state ?? {});
    const reported = this.reported.get(deviceId) ?? {};
    const differs = Object.entries(wanted).some(([name, value]) => reported[name] !== value);
    if (!differs) return [];
    this.reported.set(deviceId, { ...reported, ...wanted });
    const command = this.command({
      device_id: deviceId,
      source: word ? 'override' : 'restore',
      ...(word?.kind === 'action' && { action: word.action, value: word.value ?? null }),
    });
    this.commands.push(command);
    this.overrides.onCommand(command);
    return [command];
  }
}
