import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit } from '#audit';
import type { Command, CommandRequest, CommandStatus } from '#commands';
import { type Db, DueQueue, migrate, migrations, openDatabase } from '#db';
import {
  type ActionValue,
  agreement,
  expectedState,
  type StateMap,
  type TypeDefinition,
} from '#devices';
import { type Clock, HearthError, silentLog } from '#kernel';
import { Overrides } from '#overrides';
import { type OverrideWord, type ScheduleChange, Schedules } from '#schedules';
import { shipped } from '../../src/devices/definitions/shipped.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

/** Monday, 08:00 in Berlin. */
export const mondayMs = Date.parse('2026-03-02T07:00:00Z');
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const asked = { actor: 'person:Anna', origin: '192.168.1.7' };

export const definitionOf = (type: string): TypeDefinition => {
  const found = shipped.find((definition) => definition.type === type);
  if (found === undefined) throw new Error(`no type ${type}`);
  return found;
};

/** Devices and commands as a script: what the others keep survives a restart of the schedules. */
export class World {
  readonly types = new Map<string, string>([
    ['air', 'purifier'],
    ['lamp', 'switch'],
    ['plug', 'plug'],
    ['reader', 'reader'],
  ]);
  readonly said = new Map<string, StateMap>();
  readonly groups = new Map<string, string[]>([['downstairs', ['lamp', 'plug']]]);
  readonly sent: Command[] = [];
  readonly overrides = new Map<string, OverrideWord>();
  readonly clock: ManualClock;
  /** A command to one of these cannot be made. */
  readonly disabled = new Set<string>();
  /** These cannot be reached. */
  readonly away = new Set<string>();
  onCommand: (command: Command) => void = () => {};
  /** Whether a command takes the word from older ones, as the real ones do. */
  isStrict = false;
  #manual = new Map<string, string>();

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  readonly devices = {
    get: (id: string) => {
      if (!this.types.has(id)) throw new HearthError('not_found', `there is no device "${id}"`);
      return { id, state: 'active', status: this.away.has(id) ? 'offline' : 'online' } as const;
    },
    list: () => [...this.types.keys()].map((id) => ({ id })),
    exists: (id: string) => this.types.has(id),
    definitionOf: (id: string) => definitionOf(this.types.get(id) ?? 'generic'),
    reported: (id: string) => this.said.get(id) ?? {},
  };

  readonly groupPort = {
    members: (id: string) => {
      const members = this.groups.get(id);
      if (members === undefined) throw new HearthError('not_found', `there is no group "${id}"`);
      return members;
    },
    exists: (id: string) => this.groups.has(id),
  };

  readonly commands = {
    sendAll: (requests: readonly CommandRequest[]): (Command | HearthError)[] =>
      requests.map((request) => {
        if (!this.disabled.has(request.deviceId)) return this.#make(request);
        return new HearthError('conflict', `the device "${request.deviceId}" is disabled`);
      }),
    get: (id: string): Command => {
      const command = this.sent.find((one) => one.id === id);
      if (command === undefined) throw new HearthError('not_found', `there is no command "${id}"`);
      return command;
    },
    pendingOf: (deviceId: string) =>
      this.sent.filter((one) => one.device_id === deviceId && isPending(one)),
    lastManual: (deviceId: string) => {
      const command = this.sent.find(({ id }) => id === this.#manual.get(deviceId));
      if (command === undefined || cameToNothing.has(command.status)) return undefined;
      const { id, action, value, created_at } = command;
      return { atMs: Date.parse(created_at), commandId: id, action, value };
    },
  };

  /** Someone commands a device by hand. */
  byHand(deviceId: string, action: string, value: ActionValue = null): Command {
    const command = this.#make({
      deviceId,
      action,
      value,
      source: 'manual',
      requestedBy: 'person:Anna',
    });
    this.#manual.set(deviceId, command.id);
    return command;
  }

  /** What was sent to a device and by whom, as `source action value`. */
  told(deviceId: string): string[] {
    return this.sent
      .filter((command) => command.device_id === deviceId)
      .map(
        ({ source, action, value }) => `${source} ${action}${value === null ? '' : ` ${value}`}`,
      );
  }

  /** The device acknowledges all that waits, and with `andSays` is from then on as it was told. */
  obey(deviceId: string, andSays = true): void {
    for (const command of this.commands.pendingOf(deviceId)) {
      if (andSays) {
        const definition = this.devices.definitionOf(deviceId);
        this.said.set(deviceId, {
          ...this.said.get(deviceId),
          ...expectedState(definition, command),
        });
      }
      this.end(command.id, 'acknowledged');
    }
  }

  end(id: string, status: CommandStatus, error: string | null = null): void {
    const index = this.sent.findIndex((command) => command.id === id);
    const before = this.sent[index] as Command;
    const at = status === 'acknowledged' ? new Date(this.clock.nowMs()).toISOString() : null;
    this.sent[index] = { ...before, status, error, acknowledged_at: before.acknowledged_at ?? at };
    this.onCommand(this.sent[index]);
  }

  /** The device hears nothing: all that waits is given up. */
  giveUp(deviceId: string, status: CommandStatus = 'timed_out'): void {
    for (const { id } of this.commands.pendingOf(deviceId)) this.end(id, status);
  }

  override(deviceId: string, action: string, value: ActionValue, minutes: number): void {
    const startedAtMs = this.clock.nowMs();
    this.overrides.set(deviceId, {
      id: `override-${deviceId}`,
      deviceId,
      word: { kind: 'action', action, value },
      startedAtMs,
      endsAtMs: startedAtMs + minutes * minuteMs,
    });
  }

  #supersede(newer: Command): void {
    const definition = this.devices.definitionOf(newer.device_id);
    const after = expectedState(definition, newer);
    for (const older of this.commands.pendingOf(newer.device_id)) {
      const differs = agreement(after, expectedState(definition, older)) === 'differs';
      if (older.action !== newer.action && !differs) continue;
      this.end(older.id, 'cancelled', `superseded by ${newer.id}`);
    }
  }

  #make(request: CommandRequest): Command {
    const now = this.clock.nowMs();
    const command: Command = {
      id: `command-${this.sent.length + 1}`,
      device_id: request.deviceId,
      action: request.action,
      value: request.value ?? null,
      status: 'sent',
      attempts: 1,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + hourMs).toISOString(),
      sent_at: new Date(now).toISOString(),
      delivered_at: null,
      acknowledged_at: null,
      confirmed_at: null,
      error: null,
      source: request.source,
      requested_by: request.requestedBy,
      batch_id: null,
    };
    if (this.isStrict) this.#supersede(command);
    this.sent.push(command);
    if (this.isStrict) this.onCommand(command);
    return command;
  }
}

const isPending = ({ status }: Command): boolean =>
  status === 'queued' || status === 'sent' || status === 'delivered';
const cameToNothing: ReadonlySet<CommandStatus> = new Set([
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
]);

export interface StageOptions {
  readonly atMs?: number;
  readonly timeZone?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  /** With real overrides, and commands that supersede each other. */
  readonly isWhole?: boolean;
}

/** Schedules on a real database, with the real due queue; restarted as after a power cut. */
export class Stage {
  readonly world: World;
  readonly clock: ManualClock;
  readonly news: ScheduleChange[] = [];
  schedules!: Schedules;
  due!: DueQueue;
  db!: Db;
  audit!: Audit;
  overrides!: Overrides;
  readonly #path: string;
  #endTimers: () => void = () => {};
  /** Where the home is, from the next start on. */
  place: StageOptions;

  private constructor(path: string, options: StageOptions) {
    this.#path = path;
    this.place = options;
    this.clock = new ManualClock(options.atMs ?? mondayMs);
    this.world = new World(this.clock);
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(join(await temporaryDirectory(), 'hearth.db'), options);
    await stage.#start();
    onTestFinished(() => stage.off());
    return stage;
  }

  /** As a killed process leaves it: nothing is told to stop. */
  off(): void {
    this.#endTimers();
    this.due.close();
    this.db.close();
  }

  /** The hub dies, and starts again when its clock shows `atMs`. */
  async restartAt(atMs: number): Promise<void> {
    this.off();
    this.clock.step(atMs);
    await this.#start();
  }

  async #start(): Promise<void> {
    const { world } = this;
    const clock = this.#clockOfRun();
    const { timeZone = 'Europe/Berlin', latitude, longitude } = this.place;
    this.db = openDatabase(this.#path);
    migrate(this.db, migrations);
    const shared = { db: this.db, clock, log: silentLog };
    this.due = new DueQueue(shared);
    this.audit = new Audit(shared);
    world.isStrict = this.place.isWhole === true;
    const schedules: Schedules = new Schedules({
      ...shared,
      due: this.due,
      audit: this.audit,
      devices: world.devices,
      groups: world.groupPort,
      commands: world.commands,
      overrideOf: (deviceId) =>
        world.isStrict ? this.overrides.activeOf(deviceId) : world.overrides.get(deviceId),
      place: { timeZone, latitude, longitude },
    });
    this.schedules = schedules;
    this.overrides = new Overrides({
      ...shared,
      due: this.due,
      audit: this.audit,
      devices: world.devices,
      schedules,
    });
    if (world.isStrict) this.#register();
    world.onCommand = (command) => {
      this.overrides.onCommand(command);
      schedules.onCommand(command);
    };
    schedules.onChange.listen((news) => this.news.push(news));
    this.due.onPlausible.listen(() => schedules.settleAfterBoot());
    await this.due.start();
    await schedules.start();
    await this.overrides.start();
    this.due.open();
  }

  /** Its timers are gone with the process. */
  #clockOfRun(): Clock {
    let isRunning = true;
    this.#endTimers = () => {
      isRunning = false;
    };
    const unlessOff = (action: () => void) => () => {
      if (isRunning) action();
    };
    return {
      nowMs: () => this.clock.nowMs(),
      monotonicMs: () => this.clock.monotonicMs(),
      after: (delayMs, action) => this.clock.after(delayMs, unlessOff(action)),
      every: (periodMs, action) => this.clock.every(periodMs, unlessOff(action)),
    };
  }

  #register(): void {
    const insert = this.db.prepare(
      "INSERT OR IGNORE INTO devices VALUES (?, ?, '', ?, NULL, 'active', NULL, NULL, 0, 0)",
    );
    for (const [id, type] of this.world.types) insert.run(id, id, type);
  }

  /** Someone runs the fan at another speed for a while. */
  boost(fanSpeed: number, minutes: number, deviceId = 'air') {
    return this.overrides.begin(deviceId, {
      action: { action: 'setFanSpeed', value: fanSpeed },
      durationMs: minutes * minuteMs,
      requestedBy: 'person:Anna',
    });
  }

  /** Makes a schedule; by default for the purifier, from 18:00 to 23:00 at fan speed 3. */
  make(input: Parameters<Schedules['create']>[0] = {}) {
    const isTimed = ['start', 'at', 'cron'].some((name) => name in input);
    const isFor = 'device_id' in input || 'group_id' in input;
    return this.schedules.create(
      {
        ...(!isFor && { device_id: 'air' }),
        ...(!isTimed && { start: '18:00', end: '23:00' }),
        ...(!('action' in input) && !('fanSpeed' in input) && { fanSpeed: 3 }),
        ...input,
      },
      asked,
    );
  }

  /** Lets the time pass until the wall clock shows an instant. */
  until(time: string): void {
    this.clock.advance(Date.parse(time) - this.clock.nowMs());
  }

  /** The device reports, as telemetry and status do. */
  report(deviceId: string, values: StateMap): void {
    this.world.said.set(deviceId, { ...this.world.said.get(deviceId), ...values });
    this.schedules.onSamples([{ deviceId, values }]);
  }
}
