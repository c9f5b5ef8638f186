import { Audit, type AuditEntry } from '#audit';
import type { Command, CommandRequest, CommandStatus, WaitUntil } from '#commands';
import { type CommandPort, type GroupChange, Groups, type SceneChange } from '#groups';
import { type Clock, HearthError, silentLog } from '#kernel';
import { type Home, openHome } from '../devices/home.ts';

export const anna = { actor: 'person:Anna', origin: '192.168.1.7' } as const;

/** A household with two plugs, a purifier and a sensor; of the commands only the door is real. */
export interface Household extends Home {
  readonly groups: Groups;
  readonly commands: RecordedCommands;
  readonly groupChanges: GroupChange[];
  readonly sceneChanges: SceneChange[];
  /** Says why a group must stay. */
  guard: ((groupId: string) => string | undefined) | undefined;
  /** The rows of the audit that tell of this, oldest first. */
  audited(action: string): AuditEntry[];
  /** The same data directory, read anew. */
  reopen(): Groups;
}

type AuditedRow = Required<Omit<AuditEntry, 'detail'>> & { readonly detail: string };

const devicesHere = { plug: 'plug', lamp: 'switch', purifier: 'purifier', sensor: 'sensor' };

export async function openHousehold(): Promise<Household> {
  const home = await openHome();
  const { db, clock, devices } = home;
  for (const [id, type] of Object.entries(devicesHere)) devices.create({ id, type });
  const audit = new Audit({ db, clock });
  const commands = new RecordedCommands(clock);
  const options = { db, audit, devices, commands, clock, log: silentLog };
  const groupChanges: GroupChange[] = [];
  const sceneChanges: SceneChange[] = [];
  const household: Household = {
    ...home,
    commands,
    groupChanges,
    sceneChanges,
    guard: undefined,
    groups: new Groups({ ...options, guardRemoval: (id) => household.guard?.(id) }),
    audited: (action) =>
      db
        .prepare<[string], AuditedRow>('SELECT * FROM audit WHERE action = ? ORDER BY seq')
        .all(action)
        .map((row) => ({ ...row, detail: JSON.parse(row.detail) })),
    reopen: () => new Groups(options),
  };
  household.groups.onChange.listen((change) => groupChanges.push(change));
  household.groups.scenes.onChange.listen((change) => sceneChanges.push(change));
  devices.onRemoved.listen((id) => household.groups.forget(id));
  return household;
}

const isUnderWay = ({ status }: Command) => ['queued', 'sent', 'delivered'].includes(status);

/** Stands where the commands are: keeps what is sent, and ends it when a test says so. */
export class RecordedCommands implements CommandPort {
  readonly requests: CommandRequest[] = [];
  /** Devices that refuse, and how. */
  readonly refusing = new Map<string, Error>();
  readonly #commands = new Map<string, Command>();
  readonly #idOfKey = new Map<string, string>();
  readonly #waiting = new Map<string, () => void>();
  readonly #clock: Clock;
  /** How many were sent at once, each time. */
  readonly batches: number[] = [];
  /** How long each wait was allowed to be, and for what. */
  readonly waitsMs: number[] = [];
  readonly waitedFor: (WaitUntil | undefined)[] = [];
  /** Why nobody may wait. */
  whyNotWait: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What was sent, as `device action value`. */
  get sent(): string[] {
    return this.requests.map(({ deviceId, action, value }) =>
      [deviceId, action, value ?? ''].join(' ').trim(),
    );
  }

  sendAll(requests: readonly CommandRequest[]): (Command | HearthError)[] {
    this.batches.push(requests.length);
    return requests.map((request) => {
      try {
        return this.send(request);
      } catch (error) {
        if (error instanceof HearthError) return error;
        throw error;
      }
    });
  }

  send(request: CommandRequest): Command {
    const { deviceId, idempotencyKey } = request;
    const refusal = this.refusing.get(deviceId);
    if (refusal !== undefined) throw refusal;
    const key = `${deviceId} ${idempotencyKey}`;
    const earlier = idempotencyKey === undefined ? undefined : this.#idOfKey.get(key);
    if (earlier !== undefined) return this.#get(earlier);
    const command: Command = {
      id: `command-${this.requests.length + 1}`,
      device_id: deviceId,
      action: request.action,
      value: request.value ?? null,
      status: 'sent',
      attempts: 1,
      created_at: '2026-03-01T08:00:00.000Z',
      expires_at: '2026-03-01T08:01:30.000Z',
      sent_at: '2026-03-01T08:00:00.000Z',
      delivered_at: null,
      acknowledged_at: null,
      confirmed_at: null,
      error: null,
      source: request.source,
      requested_by: request.requestedBy,
      batch_id: request.batchId ?? null,
    };
    this.requests.push(request);
    this.#commands.set(command.id, command);
    this.#idOfKey.set(key, command.id);
    return command;
  }

  async settled(id: string, withinMs: number, until?: WaitUntil): Promise<Command> {
    this.waitsMs.push(withinMs);
    this.waitedFor.push(until);
    if (this.whyNotWait !== undefined) throw this.whyNotWait;
    if (isUnderWay(this.#get(id))) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.set(id, resolve);
      this.#clock.after(withinMs, resolve);
      await promise;
    }
    return this.#get(id);
  }

  ofBatch(batchId: string): Command[] {
    return [...this.#commands.values()].filter(({ batch_id }) => batch_id === batchId);
  }

  /** The newest command of a device comes to this. */
  becomes(deviceId: string, status: CommandStatus): void {
    const command = [...this.#commands.values()].findLast((one) => one.device_id === deviceId);
    if (command === undefined) throw new Error(`nothing was sent to ${deviceId}`);
    const next = { ...command, status };
    this.#commands.set(command.id, next);
    if (!isUnderWay(next)) this.#waiting.get(command.id)?.();
  }

  #get(id: string): Command {
    const command = this.#commands.get(id);
    if (command === undefined) throw new HearthError('not_found', `there is no command ${id}`);
    return command;
  }
}
