import type { Audit } from '#audit';
import type { Api } from '#auth';
import type { WaitUntil } from '#commands';
import type { Db } from '#db';
import type { Action } from '#devices';
import { type Clock, HearthError, type Log, Signal } from '#kernel';
import { byName, readableId, refuseTakenName, unknownGroup } from './names.ts';
import { groupRoutes } from './routes.ts';
import { Runs, type RunWishes } from './runs.ts';
import { Scenes } from './scenes.ts';
import type { GroupChanges, NewGroup } from './schema.ts';
import { GroupStore } from './store.ts';
import {
  type Change,
  type CommandPort,
  type DevicePort,
  type Group,
  type GroupChange,
  type Requester,
  type Run,
  verbOf,
} from './types.ts';

export interface GroupsOptions {
  readonly db: Db;
  readonly audit: Pick<Audit, 'append'>;
  readonly devices: DevicePort;
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Says why a group must stay, for whoever else relies on it; undefined when it may go. */
  readonly guardRemoval?: (groupId: string) => string | undefined;
}

const mostGroups = 200;

/** Named sets of devices, and the scenes that command devices and groups together. */
export class Groups {
  readonly onChange: Signal<GroupChange>;
  readonly scenes: Scenes;
  readonly #options: GroupsOptions;
  readonly #store: GroupStore;
  readonly #runs: Runs;
  /** Read at the first use; after that every change is on disk before it shows here. */
  #groups: Map<string, Group> | undefined;

  constructor(options: GroupsOptions) {
    const { devices, log } = options;
    this.#options = options;
    this.#store = new GroupStore(options.db);
    this.#runs = new Runs({
      ...options,
      store: this.#store,
      surroundings: {
        members: (groupId) => this.members(groupId),
        definitionOf: (deviceId) => devices.definitionOf(deviceId),
      },
    });
    this.scenes = new Scenes({ ...options, store: this.#store, groups: this, runs: this.#runs });
    this.onChange = new Signal('groups.onChange', log);
  }

  routes(api: Api): void {
    groupRoutes(api, this);
  }

  /** Every group, by name. */
  list(): Group[] {
    return [...this.#all.values()].sort(byName);
  }

  exists(groupId: string): boolean {
    return this.#all.has(groupId);
  }

  /** @throws HearthError `not_found`. */
  get(groupId: string): Group {
    const group = this.#all.get(groupId);
    if (group === undefined) throw unknownGroup(groupId);
    return group;
  }

  /** The ids of its devices, in their order. @throws HearthError `not_found`. */
  members(groupId: string): readonly string[] {
    return this.get(groupId).devices;
  }

  /**
   * Makes a group; its id is its name in plain letters.
   * @throws HearthError `conflict` on a name that is taken, `unprocessable` for a device that is not there.
   */
  create(input: NewGroup, requester: Requester): Group {
    const others = this.list();
    refuseTakenName('group', input.name, others);
    if (others.length >= mostGroups) {
      throw new HearthError('unprocessable', `a home has at most ${mostGroups} groups`, {
        hint: 'Remove groups that nobody uses.',
      });
    }
    const now = this.#now();
    const group: Group = {
      id: readableId(input.name, 'group', others),
      name: input.name,
      devices: this.#checkedDevices(input.devices ?? []),
      created_at: now,
      updated_at: now,
    };
    this.#write('created', group, requester);
    return group;
  }

  /** @throws HearthError `not_found`, and what {@link create} throws. */
  update(groupId: string, changes: GroupChanges, requester: Requester): Group {
    const before = this.get(groupId);
    const name = changes.name ?? before.name;
    refuseTakenName(
      'group',
      name,
      this.list().filter(({ id }) => id !== groupId),
    );
    const devices =
      changes.devices === undefined ? before.devices : this.#checkedDevices(changes.devices);
    const group: Group = { ...before, name, devices, updated_at: this.#now() };
    this.#write('updated', group, requester);
    return group;
  }

  /** Removes a group; its devices stay. @throws HearthError `not_found`, `conflict` while it is used. */
  remove(groupId: string, requester: Requester): void {
    const group = this.get(groupId);
    const reason = this.scenes.reasonToKeep(groupId) ?? this.#options.guardRemoval?.(groupId);
    if (reason !== undefined) {
      throw new HearthError('conflict', `the group "${group.name}" is in use: ${reason}`, {
        field: 'group_id',
        hint: 'Change or remove what uses it first.',
      });
    }
    this.#write('removed', group, requester);
  }

  /**
   * Sends one action to every device of a group.
   * @throws HearthError `not_found`, `conflict` when nobody is in it.
   */
  command(groupId: string, wanted: Action, requester: Requester, wishes: RunWishes = {}): Run {
    const { action, value = null } = wanted;
    return this.#runs.run({
      ...wishes,
      subject: `group:${this.get(groupId).id}`,
      source: 'manual',
      auditAction: 'group.command',
      commands: [{ device_id: null, group_id: groupId, action, value }],
      requester,
    });
  }

  /** The run once each of its commands is over, or as it is after `withinMs`. */
  settled(run: Run, withinMs: number, until?: WaitUntil): Promise<Run> {
    return this.#runs.settled(run, withinMs, until);
  }

  /** What became of a run of a group or scene. @throws HearthError `not_found`. */
  batch(batchId: string): Run {
    return this.#runs.result(batchId);
  }

  /** A device is gone for good: it has left its groups, and its commands their scenes. */
  forget(deviceId: string): void {
    for (const group of this.list()) {
      if (!group.devices.includes(deviceId)) continue;
      const devices = group.devices.filter((id) => id !== deviceId);
      this.#show('updated', { ...group, devices });
    }
    this.scenes.forget(deviceId);
  }

  get #all(): Map<string, Group> {
    this.#groups ??= new Map(this.#store.groups().map((group) => [group.id, group]));
    return this.#groups;
  }

  #write(change: Change, group: Group, { actor, origin = '' }: Requester): void {
    const { db, audit } = this.#options;
    db.transaction(() => {
      if (change === 'removed') this.#store.removeGroup(group.id);
      else this.#store.putGroup(group);
      audit.append({
        actor,
        action: `group.${verbOf[change]}`,
        subject: `group:${group.id}`,
        outcome: 'ok',
        origin,
        detail: { name: group.name, devices: group.devices },
      });
    })();
    this.#show(change, group);
  }

  #show(change: Change, group: Group): void {
    if (change === 'removed') this.#all.delete(group.id);
    else this.#all.set(group.id, group);
    this.onChange.emit({ change, groupId: group.id, group });
  }

  #checkedDevices(deviceIds: readonly string[]): string[] {
    const missing = deviceIds.find((id) => !this.#options.devices.exists(id));
    if (missing !== undefined) {
      throw new HearthError('unprocessable', `devices has "${missing}": there is no such device`, {
        field: 'devices',
        hint: 'GET /api/v1/devices lists the devices.',
      });
    }
    return [...new Set(deviceIds)];
  }

  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}
