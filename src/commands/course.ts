import type { NewAlert } from '#alerts';
import { expectedState } from '#devices';
import { type Clock, HearthError, isHearthError, type Log } from '#kernel';
import { createRow, timedOutAlert } from './account.ts';
import { Counts } from './counts.ts';
import { type Draft, policyOf } from './draft.ts';
import { dueKind, Ledger } from './ledger.ts';
import { advance, type CommandEvent, type Step } from './machine.ts';
import { Outbox } from './outbox.ts';
import type { AuditPort, DevicePort, DuePort, Send, Sign } from './ports.ts';
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

const mostPending = 50;

/**
 * The way of commands from the first attempt to the end: lets events happen to them, does what the
 * machine says is to be done, and has it written down.
 */
export class Course {
  readonly roster = new Roster();
  readonly counts = new Counts();
  readonly ledger: Ledger;
  readonly #options: CourseOptions;
  readonly #outbox: Outbox;
  #running = false;

  constructor(options: CourseOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options);
    this.ledger = new Ledger({ ...options, onWritten: (ids) => this.#release(ids) });
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Takes up what a run before this one left: each command goes on when it is due. */
  start(): void {
    const { store, due } = this.#options;
    due.handle(dueKind, (id) => this.#onDue(id));
    for (const command of store.unsettled(this.nowMs())) this.#enrol(this.#liveOf(command));
    store.transaction(() => {
      // A crash may come between taking a row out of the queue and putting in the next.
      for (const { command } of this.roster.all()) {
        if (!isPending(command) || due.dueAtMs(dueKind, command.id) !== undefined) continue;
        due.setAfter(dueKind, command.id, 0);
      }
    });
    this.#running = true;
  }

  stop(): void {
    this.#running = false;
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
    const command = this.#options.store.find(id);
    return command && this.#liveOf(command);
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
  begin(made: Draft, request: CommandRequest, outdatedKey: string | undefined): Live {
    const { command } = made;
    const live: Live = { ...made, seen: {}, isOutdated: false };
    const pending = this.roster.pendingOf(command.deviceId);
    const replaced = pending.filter((older) => supersedes(live, older));
    if (pending.length - replaced.length >= mostPending) throw tooMany(command.deviceId);
    // Their histories are to end with what ended them.
    if (replaced.length > 0) this.ledger.flush();
    const { createdAtMs: atMs, requestedBy: by, id: commandId } = command;
    const ends = replaced.map((older) => ({
      older,
      step: advance(older.command, { type: 'superseded', atMs, by, commandId }, older.policy),
    }));
    this.#write(
      made,
      request,
      outdatedKey,
      ends.map(({ step }) => step),
    );
    for (const { older, step } of ends) {
      // It is written; what is left is to take it out of the queue.
      this.ledger.note({ command: step.command, history: [], next: 'never' });
      this.#adopt(older, step);
      this.#tell(older);
    }
    this.#enrol(live);
    this.counts.add({ history: [created(atMs)] });
    this.#tell(live);
    this.happen(live, [{ type: 'due', atMs: this.nowMs() }]);
    return live;
  }

  /** Lets events happen to a command, and does what follows; `origin` is where they were asked from. */
  happen(live: Live, events: readonly CommandEvent[], origin = ''): void {
    const before = live.command;
    let publish: Step['publish'];
    for (const event of events) {
      const step = advance(live.command, event, live.policy);
      publish ??= step.publish;
      this.#adopt(live, step);
      // Where it is to be published, whoever found it due has put the next look into the queue.
      if (step.history.length === 0 && (step.publish || step.next === undefined)) continue;
      this.roster.add(live);
      this.ledger.note(step, origin);
    }
    if (isVisiblyOther(before, live.command)) this.#tell(live);
    if (publish && isPending(live.command)) this.#publish(live, publish);
  }

  /** Lets go of what is only watched and has been for long enough. */
  tidy(): void {
    if (this.ledger.isClean) this.#release(this.roster.all().map(({ command }) => command.id));
  }

  /** Takes a device's commands out of memory; returns their ids. */
  forget(deviceId: string): string[] {
    const ids = [...(this.roster.ofDevice(deviceId)?.keys() ?? [])];
    for (const id of ids) {
      this.roster.remove(id);
      this.ledger.forget(id);
    }
    return ids;
  }

  #write(
    made: Draft,
    request: CommandRequest,
    outdatedKey: string | undefined,
    ends: readonly Step[],
  ): void {
    const { store, due, audit, log } = this.#options;
    const { command, policy } = made;
    const waitMs = Math.min(policy.intervalMs, command.expiresAtMs - command.createdAtMs);
    try {
      store.transaction(() => {
        if (outdatedKey !== undefined) store.releaseKey(outdatedKey);
        store.insert({
          ...made,
          setsState: Object.keys(made.expected).length > 0,
          idempotencyKey: request.idempotencyKey ?? null,
        });
        store.addHistory(command.id, [created(command.createdAtMs)]);
        audit.append(createRow(made, request));
        due.setAfter(dueKind, command.id, waitMs);
        for (const step of ends) this.ledger.write(step, request.origin ?? '');
      });
    } catch (error) {
      if (isHearthError(error)) throw error;
      log.error({ err: error, deviceId: command.deviceId }, 'a command was not written down');
      throw new HearthError('storage_failed', 'the command could not be written down', {
        hint: 'Nothing was sent. Look at the disk of the hub.',
        retryable: true,
        cause: error,
      });
    }
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
    this.happen(live, [
      this.#outbox.publish(live.command, publish, () => {
        const known = this.#running ? this.find(id) : undefined;
        if (known) this.happen(known, [{ type: 'delivered', atMs: this.nowMs() }]);
      }),
    ]);
  }

  #adopt(live: Live, step: Step): void {
    live.command = step.command;
    this.counts.add(step);
    if (step.settled?.outcome === 'timed_out') this.#options.onAlert(timedOutAlert(step.command));
  }

  #tell({ command }: Live): void {
    this.#options.onChange(commandJson(command));
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
    return { command, policy: policyOf(definition), expected, seen: {}, isOutdated: false };
  }

  #release(ids: readonly string[]): void {
    const nowMs = this.nowMs();
    for (const id of ids) this.roster.release(id, nowMs);
  }
}

const created = (atMs: number) => ({ atMs, event: 'created', detail: '' });

const isVisiblyOther = (before: CommandRecord, after: CommandRecord): boolean =>
  before !== after && JSON.stringify(commandJson(before)) !== JSON.stringify(commandJson(after));

const tooMany = (deviceId: string): HearthError =>
  new HearthError(
    'too_many_requests',
    `${mostPending} commands wait for the device "${deviceId}" already`,
    { hint: 'Wait for their end, or cancel some.', retryable: true, retryAfterSeconds: 30 },
  );
