import { type Clock, messageOf } from '#kernel';
import type { Book, Entry } from './book.ts';
import type { DuePort } from './ports.ts';
import type { DeviceRun, RunRecord } from './record.ts';
import type { Application, Steward } from './steward.ts';
import type { ScheduleStore } from './store.ts';
import { type Edge, edgesAfter, nextEdges } from './time/timetable.ts';

export interface TickerOptions {
  readonly book: Book;
  readonly store: ScheduleStore;
  readonly due: DuePort;
  readonly steward: Steward;
  readonly clock: Clock;
  /** A schedule ran. */
  readonly onRun: (scheduleId: string) => void;
}

const dueKind = 'schedule';
/** An edge that is acted on later than this was missed: the hub was off, or its clock was wrong. */
const lateMs = 60_000;
const mostCounted = 1000;

/** A run that is on disk, and whose commands are yet to be sent. */
interface Fired {
  readonly run: RunRecord;
  readonly devices: readonly string[];
  /** A newer run of the same schedule came before its commands were sent. */
  readonly isOutdone: boolean;
}

/**
 * Acts at the edges of the schedules. Each has one row in the due queue, at its next edge, so that
 * nothing is forgotten over a restart and nothing fires twice; however many edges were missed, the
 * devices are brought to what should hold now, once.
 */
export class Ticker {
  readonly #options: TickerOptions;
  readonly #lastRuns = new Map<string, RunRecord>();
  #fired: Fired[] = [];

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  start(): void {
    const { due, store } = this.#options;
    due.handle(dueKind, (scheduleId, dueAtMs) => this.#fire(scheduleId, dueAtMs));
    for (const run of store.lastRuns()) this.#lastRuns.set(run.scheduleId, run);
  }

  /** Takes up the runs that the hub died in: they are on disk, and what came of them is not. */
  resume(): void {
    const { book, store } = this.#options;
    const known = new Set(this.#fired.map(({ run }) => run.seq));
    for (const run of store.unfinishedRuns()) {
      const entry = book.find(run.scheduleId);
      if (entry === undefined || known.has(run.seq)) continue;
      const isNewest = this.#lastRuns.get(run.scheduleId)?.seq === run.seq;
      const isOutdone = !isNewest || !entry.record.enabled;
      this.#fired.push({ run, devices: book.devicesOf(entry.record), isOutdone });
    }
    this.flush('the hub was started');
  }

  lastRunOf(scheduleId: string): RunRecord | undefined {
    return this.#lastRuns.get(scheduleId);
  }

  /** Sets the moment of a schedule's next edge, in the caller's transaction. */
  arm({ record, timetable }: Entry): void {
    const { due, clock } = this.#options;
    const [next] = record.enabled ? nextEdges(timetable, clock.nowMs(), 1) : [];
    if (next === undefined) due.cancel(dueKind, record.id);
    else if (due.dueAtMs(dueKind, record.id) !== next.atMs) {
      due.set(dueKind, record.id, next.atMs);
    }
  }

  /** The same for every schedule; one whose moment has passed keeps it, and fires. */
  armAll(): void {
    const { book, due, clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const entry of book.list()) {
      const dueAtMs = due.dueAtMs(dueKind, entry.record.id);
      if (dueAtMs === undefined || dueAtMs > nowMs) this.arm(entry);
    }
  }

  disarm(scheduleId: string): void {
    this.#options.due.cancel(dueKind, scheduleId);
    this.#lastRuns.delete(scheduleId);
  }

  /** A schedule that is made or changed inside its window begins now: a run, in the caller's transaction. */
  begin({ record, timetable }: Entry): void {
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const span = record.enabled ? timetable.last(nowMs) : undefined;
    if (span === undefined) return;
    const isMoment = span.endMs === undefined;
    const speaks = isMoment ? span.startMs === nowMs : nowMs < (span.endMs ?? 0);
    if (speaks) this.#record(record.id, nowMs, isMoment ? 'once' : 'start', 'done', 1);
  }

  /** After the commit: sends what the devices lack by what has fired, and writes down what came of it. */
  flush(reason: string): void {
    const { store, steward } = this.#options;
    const fired = this.#fired.splice(0);
    if (fired.length === 0) return;
    const applications = new Map<string, Application>();
    // Of several edges at once only the newest is what the devices are brought to.
    const devices = fired.flatMap((one) => (one.isOutdone ? [] : one.devices));
    for (const application of steward.apply(devices, { reason })) {
      applications.set(application.deviceId, application);
    }
    store.transaction(() => {
      for (const { run, devices, isOutdone } of fired) {
        const runs = devices.flatMap((deviceId) => {
          const application = isOutdone ? undefined : applications.get(deviceId);
          if (application) return [deviceRun(application, run.scheduleId)];
          return isOutdone ? [overridden(deviceId)] : [];
        });
        store.setRunDevices(run.seq, runs);
        if (this.#lastRuns.get(run.scheduleId)?.seq === run.seq) {
          this.#lastRuns.set(run.scheduleId, { ...run, devices: runs });
        }
      }
    });
    for (const scheduleId of new Set(fired.map(({ run }) => run.scheduleId))) {
      this.#options.onRun(scheduleId);
    }
  }

  #fire(scheduleId: string, dueAtMs: number): (() => void) | undefined {
    const entry = this.#options.book.find(scheduleId);
    if (entry === undefined || !entry.record.enabled) return undefined;
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const missed = this.#missed(entry, dueAtMs, nowMs);
    if (missed) this.#record(scheduleId, missed.atMs, missed.edge, 'missed', missed.count);
    for (const { atMs, edge } of edgesAfter(
      entry.timetable,
      Math.max(dueAtMs - 1, nowMs - lateMs - 1),
    )) {
      if (atMs > nowMs) break;
      this.#record(scheduleId, atMs, edge, 'done', 1);
    }
    this.arm(entry);
    return () => this.flush('an edge of a schedule');
  }

  /** The last of the edges that are too late to count as kept, and how many they are. */
  #missed(
    { timetable }: Entry,
    dueAtMs: number,
    nowMs: number,
  ): (Edge & { readonly count: number }) | undefined {
    let last: Edge | undefined;
    let count = 0;
    for (const edge of edgesAfter(timetable, dueAtMs - 1)) {
      if (edge.atMs >= nowMs - lateMs || count >= mostCounted) break;
      last = edge;
      count += 1;
    }
    return last && { ...last, count };
  }

  #record(
    scheduleId: string,
    atMs: number,
    edge: RunRecord['edge'],
    outcome: RunRecord['outcome'],
    count: number,
  ): void {
    const { book, store } = this.#options;
    const entry = book.find(scheduleId);
    const run = { scheduleId, atMs: Math.floor(atMs), edge, outcome, count };
    const seq = store.addRun(run);
    this.#fired = this.#fired.map((fired) =>
      fired.run.scheduleId === scheduleId ? { ...fired, isOutdone: true } : fired,
    );
    this.#fired.push({
      run: { ...run, seq, devices: [] },
      devices: entry ? book.devicesOf(entry.record) : [],
      isOutdone: false,
    });
    this.#lastRuns.set(scheduleId, { ...run, seq, devices: [] });
  }
}

function deviceRun(
  { deviceId, outcome, resolution, commands, error }: Application,
  scheduleId: string,
): DeviceRun {
  const isItsWord = resolution === undefined || resolution.because.id === scheduleId;
  if (!isItsWord) return overridden(deviceId);
  return {
    device_id: deviceId,
    outcome,
    command_id: commands[0]?.id ?? null,
    ...(error !== undefined && { error: messageOf(error) }),
  };
}

const overridden = (deviceId: string): DeviceRun => ({
  device_id: deviceId,
  outcome: 'overridden',
  command_id: null,
});
