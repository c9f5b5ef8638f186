import type { AuditPort } from '#auth';
import { type Clock, HearthError, sortableId } from '#kernel';
import { checkActions, checkTarget } from './allowed.ts';
import { checkKind, hasWindows, readAction, readEndAction, readRule } from './asked.ts';
import type { Book, Entry } from './book.ts';
import type { DevicePort, GroupPort } from './ports.ts';
import { type ScheduleRecord, unknownSchedule } from './record.ts';
import type { ScheduleInput } from './schema.ts';
import type { ScheduleStore } from './store.ts';
import type { Ticker } from './ticker.ts';
import type { Place } from './time/place.ts';
import { timetableOf } from './time/timetable.ts';
import { sayRule } from './words.ts';

export interface RegistryOptions {
  readonly book: Book;
  readonly store: ScheduleStore;
  readonly ticker: Ticker;
  readonly place: Place;
  readonly audit: AuditPort;
  readonly devices: DevicePort;
  readonly groups: GroupPort;
  readonly clock: Clock;
}

/** Who asks, and from where: an address, `control socket`, or empty. */
export interface Requester {
  readonly actor: string;
  readonly origin?: string | undefined;
}

const mostSchedules = 1000;
const mostPerDevice = 50;
/** No 29th of February is further away than the next. */
const farMs = 8 * 366 * 86_400_000;

/** Makes, changes and removes schedules: checked, audited and armed in one transaction. */
export class Registry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Entry {
    const entry = this.#options.book.find(id);
    if (entry) return entry;
    throw unknownSchedule(id);
  }

  /** @throws HearthError `unprocessable` naming the field and the value that cannot be. */
  create(input: ScheduleInput, requester: Requester): Entry {
    const { book, clock } = this.#options;
    if (book.size >= mostSchedules) {
      throw new HearthError('unprocessable', `a home has at most ${mostSchedules} schedules`, {
        hint: 'Remove schedules that nobody needs.',
      });
    }
    const nowMs = Math.floor(clock.nowMs());
    const rule = readRule(input);
    checkKind(input, rule);
    const record: ScheduleRecord = {
      id: sortableId(nowMs),
      name: input.name ?? null,
      deviceId: input.device_id ?? null,
      groupId: input.group_id ?? null,
      enabled: input.enabled ?? true,
      rule,
      ...readAction(input),
      endAction: readEndAction(input, rule),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      effectiveFromMs: nowMs,
    };
    this.#check(record);
    this.#refusePast(record, nowMs);
    return this.#write(record, 'schedule.create', requester, true);
  }

  /** @throws HearthError `not_found`, and what {@link create} throws. */
  update(id: string, input: ScheduleInput, requester: Requester): Entry {
    const before = this.get(id).record;
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const rule = readRule(input, before.rule);
    checkKind(input, rule);
    const isForOther = input.device_id !== undefined || input.group_id !== undefined;
    const changed: ScheduleRecord = {
      ...before,
      name: input.name === undefined ? before.name : input.name,
      ...(isForOther && {
        deviceId: input.device_id ?? null,
        groupId: input.group_id ?? null,
      }),
      enabled: input.enabled ?? before.enabled,
      rule,
      ...readAction(input, { action: before.action, value: before.value }),
      endAction: readEndAction(input, rule, before.endAction),
      updatedAtMs: nowMs,
    };
    this.#check(changed);
    if (isDifferent(before.rule, rule)) this.#refusePast(changed, nowMs);
    const speaksAnew = saysAnew(before, changed);
    const record = speaksAnew ? { ...changed, effectiveFromMs: nowMs } : changed;
    return this.#write(record, 'schedule.update', requester, speaksAnew);
  }

  /** The devices are left as they are. */
  remove(entry: Entry, requester: Requester): void {
    const { book, store, ticker } = this.#options;
    const { id } = entry.record;
    store.transaction(() => {
      store.remove(id);
      ticker.disarm(id);
      this.#append(entry.record, 'schedule.remove', requester);
    });
    book.remove(id);
  }

  #check(record: ScheduleRecord): void {
    const { book, devices, place } = this.#options;
    const deviceIds = checkTarget(record, this.#options);
    checkActions(record, deviceIds, devices);
    timetableOf(record.rule, place);
    for (const deviceId of deviceIds) {
      const others = book.ofDevice(deviceId).filter((other) => other.record.id !== record.id);
      if (others.length < mostPerDevice) continue;
      throw new HearthError(
        'unprocessable',
        `"${deviceId}" has ${mostPerDevice} schedules, which is the most`,
        { field: record.groupId === null ? 'device_id' : 'group_id' },
      );
    }
  }

  /** What can never speak was meant differently. */
  #refusePast({ rule }: ScheduleRecord, nowMs: number): void {
    const timetable = timetableOf(rule, this.#options.place);
    const span = timetable.last(nowMs);
    const next = timetable.next(nowMs);
    if (rule.kind === 'cron' && next !== undefined && next.startMs > nowMs + farMs) {
      throw new HearthError('unprocessable', `cron is "${rule.cron}": not within eight years`, {
        field: 'cron',
        hint: 'Day of the month and day of the week together come seldom: give one of them.',
      });
    }
    const speaks = span !== undefined && (span.startMs === nowMs || (span.endMs ?? 0) > nowMs);
    if (speaks || next !== undefined) return;
    if (rule.kind === 'once') {
      const field = rule.until === undefined ? 'at' : 'until';
      throw new HearthError('unprocessable', `${field} is ${rule[field]}: that is over`, { field });
    }
    throw new HearthError('unprocessable', `${sayRule(rule)} never happens`, {
      field: rule.kind === 'cron' ? 'cron' : 'end',
      hint: 'On no day of the next year does it begin before it ends.',
    });
  }

  #write(
    record: ScheduleRecord,
    action: 'schedule.create' | 'schedule.update',
    requester: Requester,
    speaksAnew: boolean,
  ): Entry {
    const { book, store, ticker } = this.#options;
    const before = book.find(record.id)?.record;
    try {
      return store.transaction(() => {
        store.put(record);
        const entry = book.put(record);
        ticker.arm(entry);
        if (speaksAnew) ticker.begin(entry);
        this.#append(record, action, requester);
        return entry;
      });
    } catch (error) {
      if (before) book.put(before);
      else book.remove(record.id);
      throw error;
    }
  }

  #append(record: ScheduleRecord, action: string, { actor, origin }: Requester): void {
    this.#options.audit.append({
      actor,
      action,
      subject: `schedule:${record.id}`,
      outcome: 'ok',
      ...(origin !== undefined && { origin }),
      detail: {
        name: record.name,
        device_id: record.deviceId,
        group_id: record.groupId,
        enabled: record.enabled,
        rule: record.rule,
        action: record.action,
        value: record.value,
        end_action: hasWindows(record.rule) ? record.endAction : null,
      },
    });
  }
}

const isDifferent = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) !== JSON.stringify(right);

/** Whether a change makes it speak now if it is open: another name or another end does not. */
const saysAnew = (before: ScheduleRecord, after: ScheduleRecord): boolean =>
  after.enabled &&
  (!before.enabled ||
    isDifferent(
      [before.rule, before.action, before.value, before.deviceId, before.groupId],
      [after.rule, after.action, after.value, after.deviceId, after.groupId],
    ));
