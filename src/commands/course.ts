import type { NewAlert } from '#alerts';
import type { AuditPort } from '#auth';
import { expectedState } from '#devices';
import { type Clock, HearthError, isHearthError, type Log } from '#kernel';
import { createRow, timedOutAlert } from './account.ts';
import { Counts } from './counts.ts';
import { type Draft, policyOf } from './draft.ts';
import { LaterNews } from './later-news.ts';
import { dueKind, Ledger } from './ledger.ts';
import { advance, type CommandEvent, type Step } from './machine.ts';
import { Outbox } from './outbox.ts';
import type { DevicePort, DuePort, Send, Sign } from './ports.ts';
import { type CommandRecord, commandJson, isPending } from './record.ts';
import { type Live, Roster, supersedes } from './roster.ts';
import type { CommandStore } from './store.ts';
import type { Command, CommandRequest } from './types.ts';

export interface CourseOptions {
  readonly store: CommandStore;
  readonly due: DuePort;
  readonly audit: AuditPort;
  readonly devices: Pick<DevicePort, 'definitionOf'>;
  readonly sign: Sign;
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (command: Command) => void;
  readonly onAlert: (alert: NewAlert) => void;
}

/** A command that may be begun. */
export interface Opening {
  readonly made: Draft;
  readonly request: CommandRequest;
  /** The id of a command whose idempotency key it takes over. */
  readonly outdatedKey: string | undefined;
}

/** One that is about to be, with the older ones whose word it takes. */
interface Beginning {
  readonly opening: Opening;
  readonly live: Live;
  readonly ends: readonly { readonly older: Live; readonly step: Step }[];
}

const isBeginning = (result: Beginning | HearthError): result is Beginning => 'live' in result;

const mostPending = 50;

/**
 * The way of commands from the first attempt to the end: lets events happen to them, does what the
 * machine says is to be done, and has it written down.
 */
export class Course {
  readonly roster = new Roster();
  readonly counts = new Counts();
  readonly ledger: Ledger;
  readonly #later: LaterNews;
  readonly #options: CourseOptions;
  readonly #outbox: Outbox;
  #running = false;

  constructor(options: CourseOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options);
    this.ledger = new Ledger({ ...options, onWritten: (ids) => this.#release(ids) });
    this.#later = new LaterNews(options.clock, (live) => {
      this.ledger.note({ command: live.command, history: [] });
      this.#tell(live);
    });
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Takes up what a run before this one left: each command goes on when it is due. */
  start(): void {
    const { store, due } = this.#options;
    due.handle(dueKind, (id) => this.#onDue(id));
    for (const command of store.unsettled(this.nowMs())) {
      this.#enrol({ ...this.#liveOf(command), isOfEarlierRun: true });
    }
    store.transaction(() => {
      // A crash may come between taking a row out of the queue and putting in the next.
      for (const { command } of this.roster.all()) {
        if (!isPending(command) || due.dueAtMs(dueKind, command.id) !== undefined) continue;
        // Not `setAfter`, which fires though the clock be wrong: it may be over long since.
        due.set(dueKind, command.id, this.nowMs());
      }
    });
    this.#running = true;
  }

  stop(): void {
    this.#running = false;
    for (const { command } of this.#later.stop()) this.ledger.note({ command, history: [] });
    this.ledger.stop();
  }

  /** Whole milliseconds since 1970 UTC. */
  nowMs(): number {
    return Math.floor(this.#options.clock.nowMs());
  }

  /** A command that is under way, or one of the past as long as it is looked at. */
  find(id: string): Live | undefined {
    const live = this.roster.get(id);
    if (live) return live;
    const { store } = this.#options;
    const command = store.find(id);
    if (command === undefined) return undefined;
    return this.#liveOf({ ...command, answeredAgain: store.wasAnsweredAgain(id) });
  }

  /** A command as it is now, written down or not. */
  record(id: string): CommandRecord | undefined {
    return this.roster.get(id)?.command ?? this.#options.store.find(id);
  }

  /**
   * Writes a command down and makes the first attempt. One transaction: the command, its audit row,
   * its place in the queue, and the end of those whose word it takes.
   * @throws HearthError `too_many_requests`, `storage_failed`.
   */
  begin(opening: Opening): Live {
    const [live] = this.beginAll([opening]);
    if (live === undefined || isHearthError(live)) throw live;
    return live;
  }

  /** Begins commands in one transaction, and then makes the first attempts. */
  beginAll(openings: readonly Opening[]): (Live | HearthError)[] {
    const beginnings: Beginning[] = [];
    const begun = openings.map((opening) => {
      const result = this.#begin(opening, beginnings);
      if (isBeginning(result)) beginnings.push(result);
      return result;
    });
    const failure = this.#write(beginnings);
    if (failure) return begun.map((result) => (isBeginning(result) ? failure : result));
    for (const { live, ends } of beginnings) {
      for (const { older, step } of ends) {
        // It is written; what is left is to take it out of the queue.
        this.ledger.note({ command: step.command, history: [], next: 'never' });
        this.#adopt(older, step);
      }
      this.counts.add({ history: [created(live.command.createdAtMs)] });
      this.#enrol(live);
    }
    for (const { live, ends } of beginnings) {
      for (const { older } of ends) this.#tell(older);
      this.#tell(live);
    }
    for (const { live } of beginnings) this.happen(live, [{ type: 'due', atMs: this.nowMs() }]);
    return begun.map((result) => (isBeginning(result) ? result.live : result));
  }

  /** What a command begins with, after those that begin with it. */
  #begin(opening: Opening, beginnings: readonly Beginning[]): Beginning | HearthError {
    const live = newLive(opening.made);
    const { deviceId, createdAtMs: atMs, requestedBy: by, id: commandId } = live.command;
    const before = beginnings.filter((other) => other.live.command.deviceId === deviceId);
    const ended = new Set(before.flatMap(({ ends }) => ends.map(({ older }) => older)));
    const pending = [
      ...this.roster.pendingOf(deviceId),
      ...before.map((other) => other.live),
    ].filter((older) => !ended.has(older));
    const replaced = pending.filter((older) => supersedes(live, older));
    if (pending.length - replaced.length >= mostPending) return tooMany(deviceId);
    const ends = replaced.map((older) => ({
      older,
      step: advance(older.command, { type: 'superseded', atMs, by, commandId }, older.policy),
    }));
    return { opening, live, ends };
  }

  /** Lets events happen to a command, and does what follows; `origin` is where they were asked from. */
  happen(live: Live, events: readonly CommandEvent[], origin = ''): void {
    const before = live.command;
    let publish: Step['publish'];
    let isLoud = false;
    for (const event of events) {
      const step = advance(live.command, event, live.policy);
      publish ??= step.publish;
      this.#adopt(live, step);
      if (step.isQuiet) {
        this.#later.add(live);
        continue;
      }
      isLoud = true;
      // Where it is to be published, whoever found it due has put the next look into the queue.
      if (step.history.length === 0 && (step.publish || step.next === undefined)) continue;
      this.roster.add(live);
      this.ledger.note(step, origin);
    }
    if (isLoud && isVisiblyOther(before, live.command)) this.#tell(live);
    if (publish && isPending(live.command)) this.#publish(live, publish);
  }

  /**
   * Gives a command up; it is on disk then, for whoever asked for it relies on it.
   * @throws HearthError `storage_failed`: the command is as it was.
   */
  cancel(live: Live, by: string, origin: string): void {
    const { store, due, log } = this.#options;
    const { id, deviceId } = live.command;
    const event: CommandEvent = { type: 'cancelled', atMs: this.nowMs(), by };
    const step = advance(live.command, event, live.policy);
    try {
      // Its history is to end with this.
      if (!this.ledger.flush()) throw new Error('what happened before is not written down');
      store.transaction(() => {
        this.ledger.write(step, origin);
        due.cancel(dueKind, id);
      });
    } catch (error) {
      log.error({ err: error, deviceId, commandId: id }, 'a cancellation was not written down');
      throw new HearthError('storage_failed', 'the cancellation could not be written down', {
        hint: 'The command is as it was. Look at the disk of the hub.',
        retryable: true,
        cause: error,
      });
    }
    this.#adopt(live, step);
    this.#tell(live);
    this.#release([id]);
  }

  /** Lets go of what is only watched and has been for long enough. */
  tidy(): void {
    if (this.ledger.isClean) this.#release(this.roster.all().map(({ command }) => command.id));
  }

  /** Takes a device's commands out of memory; returns their ids. */
  forget(deviceId: string): string[] {
    const ids = [...(this.roster.ofDevice(deviceId)?.keys() ?? [])];
    for (const id of ids) {
      const live = this.roster.get(id);
      if (live) this.#later.forget(live);
      this.roster.remove(id);
      this.ledger.forget(id);
    }
    return ids;
  }

  /** One transaction for all of them; returns why it could not be made, if so. */
  #write(beginnings: readonly Beginning[]): HearthError | undefined {
    if (beginnings.length === 0) return undefined;
    // The histories of those that end are to end with what ended them.
    if (beginnings.some(({ ends }) => ends.length > 0)) this.ledger.flush();
    const { store, log } = this.#options;
    try {
      store.transaction(() => {
        for (const beginning of beginnings) this.#writeOne(beginning);
      });
      return undefined;
    } catch (error) {
      if (isHearthError(error)) return error;
      const deviceIds = beginnings.map(({ live }) => live.command.deviceId).slice(0, 10);
      log.error({ err: error, deviceIds }, 'a command was not written down');
      return new HearthError('storage_failed', 'the command could not be written down', {
        hint: 'Nothing was sent. Look at the disk of the hub.',
        retryable: true,
        cause: error,
      });
    }
  }

  #writeOne({ opening, ends }: Beginning): void {
    const { store, due, audit } = this.#options;
    const { made, request, outdatedKey } = opening;
    const { command, policy } = made;
    if (outdatedKey !== undefined) store.releaseKey(outdatedKey);
    store.insert({
      ...made,
      setsState: Object.keys(made.expected).length > 0,
      idempotencyKey: request.idempotencyKey ?? null,
    });
    store.addHistory(command.id, [created(command.createdAtMs)]);
    audit.append(createRow(made, request));
    const waitMs = Math.min(policy.intervalMs, command.expiresAtMs - command.createdAtMs);
    due.setAfter(dueKind, command.id, waitMs);
    for (const { step } of ends) this.ledger.write(step, request.origin ?? '');
  }

  /** In the transaction that took the row out of the queue. */
  #onDue(id: string): (() => void) | undefined {
    const live = this.roster.get(id);
    if (live === undefined) return undefined;
    const event: CommandEvent = { type: 'due', atMs: this.nowMs() };
    const { publish, next } = advance(live.command, event, live.policy);
    if (publish && typeof next === 'object' && 'afterMs' in next) {
      this.#options.due.setAfter(dueKind, id, next.afterMs);
    }
    // What else was due may have changed the command meanwhile: it is asked again.
    return () => this.happen(live, [event]);
  }

  #publish(live: Live, publish: NonNullable<Step['publish']>): void {
    const { id } = live.command;
    live.copies += 1;
    const copy = live.copies;
    const event = this.#outbox.publish(live.command, publish, {
      onDelivered: () => {
        const known = this.#running ? this.find(id) : undefined;
        if (known) this.happen(known, [{ type: 'delivered', atMs: this.nowMs() }]);
      },
      onLost: () => {
        const isLatest = this.roster.get(id)?.copies === copy;
        if (isLatest && this.#running) this.happen(live, [{ type: 'lost', atMs: this.nowMs() }]);
      },
    });
    this.happen(live, [event]);
  }

  #adopt(live: Live, step: Step): void {
    live.command = step.command;
    this.counts.add(step);
    if (step.settled?.outcome === 'timed_out') this.#options.onAlert(timedOutAlert(step.command));
  }

  #tell(live: Live): void {
    this.#later.forget(live);
    this.#options.onChange(commandJson(live.command));
  }

  /** Adds a command; of older ones that it contradicts the device's reports say nothing any more. */
  #enrol(live: Live): void {
    for (const older of this.roster.ofDevice(live.command.deviceId)?.values() ?? []) {
      if (!isPending(older.command) && supersedes(live, older)) older.isOutdated = true;
    }
    this.roster.add(live);
  }

  #liveOf(command: CommandRecord): Live {
    const definition = this.#options.devices.definitionOf(command.deviceId);
    const expected = expectedState(definition, command);
    return newLive({ command, policy: policyOf(definition), expected });
  }

  #release(ids: readonly string[]): void {
    const nowMs = this.nowMs();
    for (const id of ids) this.roster.release(id, nowMs);
  }
}

const newLive = (made: Pick<Live, 'command' | 'policy' | 'expected'>): Live => ({
  ...made,
  seen: {},
  isOutdated: false,
  isOfEarlierRun: false,
  copies: 0,
});

const created = (atMs: number) => ({ atMs, event: 'created', detail: '' });

const isVisiblyOther = (before: CommandRecord, after: CommandRecord): boolean =>
  before !== after && JSON.stringify(commandJson(before)) !== JSON.stringify(commandJson(after));

const tooMany = (deviceId: string): HearthError =>
  new HearthError(
    'too_many_requests',
    `${mostPending} commands wait for the device "${deviceId}" already`,
    { hint: 'Wait for their end, or cancel some.', retryable: true, retryAfterSeconds: 30 },
  );
