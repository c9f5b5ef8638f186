import type { Db } from '#db';
import {
  type Cancel,
  type Clock,
  HearthError,
  type Log,
  notBefore,
  type Part,
  Signal,
  sortableId,
} from '#kernel';
import { type Caller, scopeOfRole } from '../access.ts';
import type { AuditPort } from '../ports.ts';
import type { Api } from '../routing.ts';
import { type ShareAccess, type SharedWith, type Sight, sightWith } from '../sight.ts';
import { shareRoutes } from './routes.ts';
import { accessBy, isRunning } from './running.ts';
import { ShareStore } from './store.ts';
import type { NewShare, PeoplePort, PlacesPort, Requester, Share, ShareFilter } from './types.ts';

export interface SharesOptions {
  readonly db: Db;
  readonly audit: AuditPort;
  readonly people: PeoplePort;
  readonly devices: PlacesPort;
  /**
   * The least that the time can be, in milliseconds since 1970. A machine without a battery for its
   * clock boots in the past, which must not bring back what had ended before the power cut.
   */
  readonly notBeforeMs?: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

const mostShares = 1000;
const mostOfPerson = 100;
const lookEveryMs = 60_000;

/** Devices and rooms that people see who do not see the whole home: given, ended, looked up. */
export class Shares implements Part, SharedWith {
  readonly name = 'sharing';
  /** Something was given to a person, or has ended: what there is for them may be other than before. */
  readonly onChange: Signal<{ readonly personId: string }>;
  readonly #options: SharesOptions;
  /** For what ends: its time is at least what the hub is known to have run at. */
  readonly #clock: Clock;
  readonly #store: ShareStore;
  /** Read at the first use; after that every change is on disk before it shows here. */
  #ofPerson: Map<string, readonly Share[]> | undefined;
  #cancel: Cancel = () => {};

  constructor(options: SharesOptions) {
    this.#options = options;
    this.#clock = notBefore(options.clock, options.notBeforeMs ?? (() => 0));
    this.#store = new ShareStore(options.db);
    this.onChange = new Signal('shares.onChange', options.log);
  }

  async start(): Promise<void> {
    this.#removeEnded();
    this.#cancel = this.#options.clock.every(lookEveryMs, () => this.#removeEnded());
  }

  async stop(): Promise<void> {
    this.#cancel();
  }

  routes(api: Api): void {
    shareRoutes(api, this);
  }

  /** Which devices there are for a caller, by role and by what is shared with them at each look. */
  sightOf(caller: Caller | undefined): Sight {
    return sightWith(caller, this);
  }

  accessTo(personId: string, deviceId: string): ShareAccess | undefined {
    const shares = this.#all.get(personId);
    if (shares === undefined) return undefined;
    const room = this.#options.devices.roomOf(deviceId);
    // A share outlives its device by no look at all, even where nobody told.
    if (room === undefined) return undefined;
    return accessBy(shares, { id: deviceId, room }, this.#clock.nowMs());
  }

  /** The ids of the devices that a person sees now, each once. */
  devicesOf(personId: string): readonly string[] {
    const { devices } = this.#options;
    const nowMs = this.#clock.nowMs();
    const found = (this.#all.get(personId) ?? [])
      .filter((share) => isRunning(share, nowMs))
      .flatMap(({ target: { kind, id } }) => (kind === 'room' ? devices.devicesIn(id) : [id]))
      .filter((id) => devices.exists(id));
    return [...new Set(found)];
  }

  /** Those that run, in the order in which they were given. */
  list({ personId, deviceId, room }: ShareFilter = {}): Share[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#all.values()]
      .flat()
      .filter((share) => isRunning(share, nowMs))
      .filter((share) => personId === undefined || share.personId === personId)
      .filter((share) => deviceId === undefined || isOf(share, 'device', deviceId))
      .filter((share) => room === undefined || isOf(share, 'room', room))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Share {
    const share = this.list().find((candidate) => candidate.id === id);
    if (share !== undefined) return share;
    throw new HearthError('not_found', `there is no share "${id.slice(0, 64)}"`, {
      field: 'id',
      hint: 'GET /api/v1/shares lists what is shared; what has ended is not listed.',
    });
  }

  /** @throws HearthError `not_found`. */
  requirePerson(personId: string): void {
    if (this.#options.people.get(personId) !== undefined) return;
    throw new HearthError('not_found', `there is no person "${personId.slice(0, 64)}"`, {
      field: 'id',
      hint: 'GET /api/v1/people lists the people of this home.',
    });
  }

  /**
   * Shares a device or a room with a person. What was shared of it with them before is replaced.
   * @throws HearthError `unprocessable` naming what cannot be.
   */
  give(input: NewShare, { actor, origin }: Requester): Share {
    this.#check(input);
    const nowMs = Math.floor(this.#options.clock.nowMs());
    const share: Share = { ...input, id: sortableId(nowMs), givenBy: actor, createdAtMs: nowMs };
    const others = this.#all.get(input.personId) ?? [];
    const replaced = others.filter(({ target }) => isSame(target, input.target));
    this.#store.transaction(() => {
      for (const { id } of replaced) this.#store.remove(id);
      this.#store.insert(share);
      this.#write(share, 'share.give', 'ok', { actor, origin });
    });
    this.#show(input.personId, [...others.filter((other) => !replaced.includes(other)), share]);
    return share;
  }

  /** Ends a share before its time, or one that was for good. @throws HearthError `not_found`. */
  end(id: string, requester: Requester): void {
    this.#remove([this.get(id)], 'ok', requester);
  }

  /** A person is gone; the database took what was shared with them along. */
  onPersonRemoved(personId: string): void {
    if (this.#all.has(personId)) this.#show(personId, []);
  }

  /** A device is gone; the database took what was shared of it along. */
  onDeviceRemoved(deviceId: string): void {
    this.#forget((share) => isOf(share, 'device', deviceId));
  }

  /** A room is gone: another of its name would have its id, and is not what was shared. */
  onRoomRemoved(roomId: string): void {
    this.#forget((share) => isOf(share, 'room', roomId));
  }

  get #all(): Map<string, readonly Share[]> {
    if (this.#ofPerson === undefined) {
      this.#ofPerson = new Map();
      for (const share of this.#store.all()) {
        const others = this.#ofPerson.get(share.personId) ?? [];
        this.#ofPerson.set(share.personId, [...others, share]);
      }
    }
    return this.#ofPerson;
  }

  #check({ personId, target, untilMs }: NewShare): void {
    const { people, devices } = this.#options;
    const person = people.get(personId);
    if (person === undefined) {
      throw refused('person_id', personId, 'there is no such person');
    }
    if (scopeOfRole(person.role, 'devices.read') === 'home') {
      throw refused('person_id', personId, `the role ${person.role} sees the whole home already`, {
        hint: 'Make them a guest first: guests see what is shared with them.',
      });
    }
    if (target.kind === 'device' && !devices.exists(target.id)) {
      throw refused('device_id', target.id, 'there is no such device');
    }
    if (target.kind === 'room' && !devices.rooms.list().some(({ id }) => id === target.id)) {
      throw refused('room', target.id, 'there is no such room');
    }
    if (untilMs !== undefined && untilMs <= this.#clock.nowMs()) {
      throw refused('until', new Date(untilMs).toISOString(), 'that is over');
    }
    const others = (this.#all.get(personId) ?? []).filter((one) => !isSame(one.target, target));
    const count = [...this.#all.values()].reduce((sum, shares) => sum + shares.length, 0);
    if (others.length < mostOfPerson && count < mostShares) return;
    throw new HearthError('unprocessable', 'there are as many shares as a hub keeps', {
      field: 'person_id',
      hint: `A person has at most ${mostOfPerson}, a home ${mostShares}: share a room, or end some.`,
    });
  }

  /** What ended is seen by nobody since then; here it is taken off the list, and that is told. */
  #removeEnded(): void {
    const nowMs = this.#clock.nowMs();
    const ended = [...this.#all.values()].flat().filter((share) => !isRunning(share, nowMs));
    try {
      this.#remove(ended, 'expired', { actor: 'hub' });
    } catch (error) {
      // Looked for again in a minute; that it stays on disk gives nobody anything.
      this.#options.log.error({ err: error }, 'ended shares were not removed');
    }
  }

  #remove(ended: readonly Share[], outcome: 'ok' | 'expired', requester: Requester): void {
    if (ended.length === 0) return;
    this.#store.transaction(() => {
      for (const share of ended) {
        this.#store.remove(share.id);
        this.#write(share, 'share.end', outcome, requester);
      }
    });
    this.#forget((share) => ended.some(({ id }) => id === share.id));
  }

  #forget(isGone: (share: Share) => boolean): void {
    for (const [personId, shares] of [...this.#all]) {
      const kept = shares.filter((share) => !isGone(share));
      if (kept.length < shares.length) this.#show(personId, kept);
    }
  }

  #show(personId: string, shares: readonly Share[]): void {
    if (shares.length === 0) this.#all.delete(personId);
    else this.#all.set(personId, shares);
    this.onChange.emit({ personId });
  }

  #write(share: Share, action: string, outcome: string, { actor, origin }: Requester): void {
    const { target, access, untilMs } = share;
    this.#options.audit.append({
      actor,
      action,
      subject: `person:${share.personId}`,
      outcome,
      ...(origin !== undefined && { origin }),
      detail: {
        share_id: share.id,
        [target.kind === 'device' ? 'device_id' : 'room']: target.id,
        access,
        until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
      },
    });
  }
}

const isOf = ({ target }: Share, kind: 'device' | 'room', id: string): boolean =>
  isSame(target, { kind, id });

const isSame = (left: Share['target'], right: Share['target']): boolean =>
  left.kind === right.kind && left.id === right.id;

const refused = (
  field: string,
  value: string,
  reason: string,
  { hint }: { readonly hint?: string } = {},
): HearthError =>
  new HearthError('unprocessable', `${field} is "${value.slice(0, 64)}": ${reason}`, {
    field,
    ...(hint !== undefined && { hint }),
  });
