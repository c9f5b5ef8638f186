import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Db, type DueAction, DueQueue, migrate, migrations, openDatabase } from '#db';
import { type Log, silentLog } from '#kernel';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export interface Fired {
  readonly key: string;
  readonly atMs: number;
}

export interface MachineOptions {
  readonly startMs?: number;
  readonly trusted?: boolean;
  readonly log?: Log;
}

export interface BootOptions extends MachineOptions {
  /** Ends without notice, as a power cut does. */
  readonly killed?: boolean;
}

/** 2026-03-01T12:00:00Z. */
export const noonMs = Date.UTC(2026, 2, 1, 12);

/** A machine with one database file: it runs a queue, and can be restarted. */
export class Machine {
  readonly path: string;
  clock: ManualClock;
  db: Db;
  queue: DueQueue;
  /** What fired in all runs, in its order, with the wall time it fired at. */
  readonly fired: Fired[] = [];
  /** How often the clock was found plausible in this run. */
  plausibleCount = 0;
  /** What the kind `note` does. */
  action: DueAction = () => undefined;

  constructor(path: string, options: MachineOptions) {
    this.path = path;
    this.clock = new ManualClock(options.startMs ?? noonMs);
    this.db = openDatabase(path);
    migrate(this.db, migrations);
    this.queue = this.#newQueue(options);
  }

  /** The keys that fired. */
  get keys(): string[] {
    return this.fired.map(({ key }) => key);
  }

  async run(): Promise<void> {
    await this.queue.start();
    this.queue.open();
  }

  /** Starts anew over the same file, its clock at `startMs` or where it was. */
  async restart({ startMs = this.clock.nowMs(), killed, ...rest }: BootOptions = {}) {
    if (killed !== true) await this.queue.stop();
    this.db.close();
    this.clock = new ManualClock(startMs);
    this.db = openDatabase(this.path);
    this.plausibleCount = 0;
    this.queue = this.#newQueue(rest);
    await this.run();
  }

  /** As if nothing had ever been set, and no time written down. */
  forget(): void {
    this.db.exec('DELETE FROM due; UPDATE clock_mark SET at_ms = 0');
    this.fired.length = 0;
  }

  rows(): string[] {
    return this.db.prepare<[], string>('SELECT key FROM due ORDER BY key').pluck().all();
  }

  #newQueue({ trusted = false, log = silentLog }: MachineOptions): DueQueue {
    const { db, clock } = this;
    const queue = new DueQueue({ db, clock, log, trusted });
    queue.onPlausible.listen(() => {
      this.plausibleCount += 1;
    });
    queue.handle('note', (key, dueAtMs) => {
      const after = this.action(key, dueAtMs);
      this.fired.push({ key, atMs: clock.nowMs() });
      return after;
    });
    return queue;
  }
}

/** A machine that is switched on but whose queue does not run yet. */
export async function newMachine(options: MachineOptions = {}): Promise<Machine> {
  const directory = await temporaryDirectory();
  const machine = new Machine(join(directory, 'hearth.db'), options);
  onTestFinished(() => {
    machine.db.close();
  });
  return machine;
}

/** A machine whose queue runs. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const machine = await newMachine(options);
  await machine.run();
  return machine;
}
