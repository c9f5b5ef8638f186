import type { NewAlert } from '#alerts';
import type { Api, AuditPort } from '#auth';
import type { Db } from '#db';
import {
  type Cancel,
  type Clock,
  type DailySweep,
  HearthError,
  isHearthError,
  type Log,
  type Part,
  Signal,
} from '#kernel';
import type { Accept } from '#mqtt';
import { Course } from './course.ts';
import { Hearing } from './hearing.ts';
import { dueKind } from './ledger.ts';
import type { DevicePort, DuePort, ReadingNews, Send, Sign, StatusNews } from './ports.ts';
import { type CommandRecord, commandJson, isPending, unknownCommand } from './record.ts';
import { commandRetention } from './retention.ts';
import { Returns } from './returns.ts';
import { awaitsReport } from './roster.ts';
import { commandRoutes } from './routes.ts';
import { Sending } from './sending.ts';
import { type CommandFilter, CommandStore } from './store.ts';
import type {
  Command,
  CommandHistoryEntry,
  CommandRequest,
  ManualWord,
  OtherAck,
  StrayAnswer,
  WaitUntil,
} from './types.ts';
import { Waiting } from './waiting.ts';

export interface CommandsOptions {
  readonly db: Db;
  /** It is started before this part, and opened afterwards. */
  readonly due: DuePort;
  readonly audit: AuditPort;
  readonly devices: DevicePort;
  readonly sign: Sign;
  readonly send: Send;
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly log: Log;
}

const tidyEveryMs = 60_000;
/** How long after an acknowledgment is waited for what the device then reports. */
const reportWithinMs = 1000;
const mostOfBatch = 1000;
/** More than a device can have that ended a moment ago and are not written down yet. */
const mostWordsByHand = 100;

/**
 * The one door through which a device is told to do something. A command is on disk before it goes
 * out, is tried until it is answered or its time is over, and says at any moment what became of it.
 */
export class Commands implements Part {
  readonly name = 'commands';
  /** A command is new, or something about it changed. */
  readonly onChange: Signal<Command>;
  /** Something the owner should know of. */
  readonly onAlert: Signal<NewAlert>;
  readonly #clock: Clock;
  readonly #devices: DevicePort;
  readonly #due: DuePort;
  readonly #store: CommandStore;
  readonly #course: Course;
  readonly #sending: Sending;
  readonly #hearing: Hearing;
  readonly #returns: Returns;
  readonly #retention: DailySweep;
  readonly #waiting: Waiting;
  #tidying: Cancel | undefined;

  constructor(options: CommandsOptions) {
    const { db, due, devices, clock, log } = options;
    const store = new CommandStore(db);
    this.onChange = new Signal('commands.onChange', log);
    this.onAlert = new Signal('commands.onAlert', log);
    this.#clock = clock;
    this.#devices = devices;
    this.#due = due;
    this.#store = store;
    this.#waiting = new Waiting(clock);
    this.#course = new Course({
      ...options,
      store,
      onChange: (command) => {
        this.#waiting.tell(command);
        this.onChange.emit(command);
      },
      onAlert: (alert) => this.onAlert.emit(alert),
    });
    this.#sending = new Sending({ course: this.#course, store, devices });
    this.#hearing = new Hearing({ course: this.#course, devices, clock, log });
    this.#returns = new Returns({ course: this.#course, due });
    this.#retention = commandRetention({ ...options, store });
  }

  /** A device answered to something that is not a command: its id begins with `config-`. */
  get onOtherAck(): Signal<OtherAck> {
    return this.#hearing.onOtherAck;
  }

  /** An answer that could not be used, a few a minute of each device. */
  get onStrayAnswer(): Signal<StrayAnswer> {
    return this.#hearing.onStray;
  }

  async start(): Promise<void> {
    this.#course.start();
    this.#returns.start();
    this.#retention.start();
    this.#tidying = this.#clock.every(tidyEveryMs, () => this.#course.tidy());
  }

  async stop(): Promise<void> {
    this.#tidying?.();
    this.#retention.stop();
    this.#course.stop();
    this.#waiting.end();
  }

  routes(api: Api): void {
    commandRoutes(api, this);
  }

  /**
   * Gives a device a command: writes it down, and publishes it at once if the device is there. Not
   * from within a transaction, which might yet take the command back after it went out.
   * @throws HearthError `not_found`; `unprocessable` naming the range; `conflict` for a device that is
   * disabled, a toggle of unknown state or a key that stands for something else;
   * `too_many_requests` when too many wait for the device already.
   */
  send(request: CommandRequest): Command {
    this.#checkMaySend();
    return commandJson(this.#sending.send(request));
  }

  /**
   * Gives commands that are asked for together: all are written down in one transaction, and go out
   * after it. Each result is what `send` returns, or the HearthError that it would throw.
   */
  sendAll(requests: readonly CommandRequest[]): (Command | HearthError)[] {
    this.#checkMaySend();
    return this.#sending
      .sendAll(requests)
      .map((result) => (isHearthError(result) ? result : commandJson(result)));
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Command {
    return commandJson(this.#record(id));
  }

  /** What happened to a command, in order. @throws HearthError `not_found`. */
  history(id: string): CommandHistoryEntry[] {
    this.#writeDown();
    this.#record(id);
    return this.#store
      .history(id)
      .map(({ atMs, event, detail }) => ({ at: new Date(atMs).toISOString(), event, detail }));
  }

  /** Newest first. @throws HearthError `not_found` for a device or a `before` that is not there. */
  list(filter: CommandFilter): Command[] {
    if (filter.deviceId !== undefined) this.#devices.get(filter.deviceId);
    if (filter.before !== undefined) this.#record(filter.before);
    this.#writeDown();
    return this.#store.list(filter).map((command) => commandJson(this.#newest(command)));
  }

  /**
   * Gives a command up. What was sent may have been done.
   * @throws HearthError `not_found`; `conflict` when it is answered or given up already;
   * `storage_failed` when that cannot be written down, and then it is as it was.
   */
  cancel(id: string, actor: string, origin?: string): Command {
    const live = this.#course.find(id);
    if (live === undefined) throw unknownCommand(id);
    if (!isPending(live.command)) {
      const status = live.command.status.replace('_', ' ');
      throw new HearthError('conflict', `the command cannot be cancelled: it is ${status}`);
    }
    if (this.#store.isInTransaction) throw new Error('a command is cancelled after a commit');
    this.#course.cancel(live, actor, origin ?? '');
    return this.get(id);
  }

  /**
   * Waits until a command is over, at most `withinMs`; returns it as it then is. One that leaves
   * something behind is over when the device reports it, or reports otherwise: that is waited for
   * too, for a second after the acknowledgment, unless `until` says that this is enough.
   * Answers at once when a thousand wait already. @throws HearthError `not_found`.
   */
  async settled(id: string, withinMs: number, until: WaitUntil = 'settled'): Promise<Command> {
    this.#record(id);
    const endMs = this.#clock.monotonicMs() + withinMs;
    let reportDueMs = Number.POSITIVE_INFINITY;
    await this.#waiting.until(id, () => {
      const live = this.#course.isRunning ? this.#course.find(id) : undefined;
      if (live === undefined) return 0;
      const nowMs = this.#clock.monotonicMs();
      if (isPending(live.command)) return endMs - nowMs;
      if (until === 'acknowledged' || !awaitsReport(live)) return 0;
      const { acknowledgedAtMs } = live.command;
      const sinceMs = Math.max(0, this.#course.nowMs() - (acknowledgedAtMs ?? 0));
      reportDueMs = Math.min(reportDueMs, nowMs + reportWithinMs - sinceMs);
      return Math.min(endMs, reportDueMs) - nowMs;
    });
    return this.get(id);
  }

  /** Whoever waits is answered now: the hub is about to stop, and its doors close first. */
  endWaiting(): void {
    this.#waiting.end();
  }

  /** What a person last wanted the device to be like, unless it came to nothing. */
  lastManual(deviceId: string): ManualWord | undefined {
    const found = this.#store
      .byHand(deviceId, mostWordsByHand)
      .map((command) => this.#newest(command))
      .find(({ status }) => !cameToNothing.has(status));
    if (found === undefined) return undefined;
    const { createdAtMs, id, action, value } = found;
    return { atMs: createdAtMs, commandId: id, action, value };
  }

  /** Commands that the device has not answered yet, oldest first. */
  pendingOf(deviceId: string): Command[] {
    return this.#course.roster.pendingOf(deviceId).map(({ command }) => commandJson(command));
  }

  /** The commands of a scene's or a group's run, in the order they were asked for. */
  ofBatch(batchId: string): Command[] {
    return this.#store
      .ofBatch(batchId, mostOfBatch)
      .map((command) => commandJson(this.#newest(command)));
  }

  /** What happened since the start, for metrics. */
  numbers(): Readonly<Record<string, number>> {
    return { unfinished: this.#course.roster.pendingCount, ...this.#course.counts.numbers };
  }

  /**
   * Takes in a device's answers. An answer is acknowledged once it is on disk; whatever else comes
   * on the topic is counted and dropped.
   */
  accept(deviceId: string): Accept {
    return this.#hearing.accept(deviceId);
  }

  /** Readings, after their commit. */
  onSamples(samples: readonly ReadingNews[]): void {
    this.#hearing.onSamples(samples);
  }

  /** A status message, after it was applied. */
  onStatus(status: StatusNews): void {
    this.#hearing.onStatus(status);
  }

  /** The device listens from now on: what could not go out does, in the order it was asked for. */
  onReachable(deviceId: string): void {
    this.#returns.onReachable(deviceId);
  }

  /** The machine's clock is right from now on: what had to wait for that goes out. */
  onClockBelieved(): void {
    this.#returns.onClockBelieved();
  }

  /** The device is gone for good, and everything it was told with it. */
  forget(deviceId: string): void {
    const ids = this.#course.forget(deviceId);
    for (const id of ids) this.#waiting.wake(id);
    this.#store.transaction(() => {
      this.#store.removeOf(deviceId);
      for (const id of ids) this.#due.cancel(dueKind, id);
    });
  }

  #checkMaySend(): void {
    if (!this.#course.isRunning) {
      throw new HearthError('unavailable', 'the hub is not running', { retryable: true });
    }
    if (this.#store.isInTransaction) throw new Error('a command is sent after a commit, not in it');
  }

  /** @throws HearthError `not_found`. */
  #record(id: string): CommandRecord {
    const command = this.#course.record(id);
    if (command === undefined) throw unknownCommand(id);
    return command;
  }

  /** What was read from the disk may be a moment behind. */
  #newest(command: CommandRecord): CommandRecord {
    return this.#course.roster.get(command.id)?.command ?? command;
  }

  #writeDown(): void {
    if (!this.#store.isInTransaction) this.#course.ledger.flush();
  }
}

const cameToNothing: ReadonlySet<string> = new Set([
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
]);
