import { type Api, type AuditPort, type Sight, type SightOf, sightWith } from '#auth';
import type { Db } from '#db';
import { type Clock, type Log, notBefore, type Part, Signal } from '#kernel';
import type { Accept, Gate, Identity } from '#mqtt';
import { ApiKeys } from './api-keys.ts';
import { type By, byHub } from './by.ts';
import { Definitions } from './definitions/service.ts';
import type { StateMap, TypeDefinition } from './definitions/types.ts';
import { type Denial, Denials } from './denials.ts';
import { deviceFor, deviceJson } from './device-json.ts';
import { DeviceGate, tokenName } from './gate.ts';
import { DeviceIntake } from './intake.ts';
import { Presence } from './presence.ts';
import { Proofs } from './proofs.ts';
import { Registry } from './registry.ts';
import { DeviceReports } from './reports.ts';
import { Rooms } from './rooms.ts';
import { deviceRoutes } from './routes.ts';
import type { DeviceChanges, NewDevice } from './schema.ts';
import { SensitiveMetrics } from './sensitive.ts';
import { DeviceStore } from './store.ts';
import type {
  Accounts,
  CertificateAuthority,
  Device,
  DeviceChange,
  ErasedReadings,
  LatestValues,
  StateSample,
  StatusNews,
} from './types.ts';

export interface DevicesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly authority: CertificateAuthority;
  readonly auth: Accounts;
  readonly audit: AuditPort;
  /** Where MQTT over TLS listens now, for whoever gets a certificate; undefined while it does not. */
  readonly mqttsPort?: () => number | undefined;
  /** The wall clock is not believed below this: it was there before. */
  readonly notBeforeMs?: () => number;
}

/** The registry of devices: who they are, what they last said, and what they may do on the broker. */
export class Devices implements Part {
  readonly name = 'devices';
  /** Created, changed, removed, online, offline, new reported state; not every reading. */
  readonly onChange: Signal<DeviceChange>;
  /** Someone may no longer be here: the broker is to end their connections at once. */
  readonly onEvicted: Signal<Identity>;
  /** A device is gone for good, by its id: whoever keeps something of it may forget it. */
  readonly onRemoved: Signal<string>;
  /** A room is gone for good, by its id; its devices stand in no room any more. */
  readonly onRoomRemoved: Signal<string>;
  /** Every status message and heartbeat, after it was taken in. */
  readonly onStatus: Signal<StatusNews>;
  /**
   * A device may hear what is said to it from now on: it connected, perhaps to a session that has its
   * subscriptions already, or it subscribed. Whoever has something to say tries.
   */
  readonly onReachable: Signal<{ readonly deviceId: string }>;
  /** A device proved itself with a certificate (DER) and was let in. */
  readonly onCertificate: Signal<{ readonly deviceId: string; readonly der: Uint8Array }>;
  readonly rooms: Rooms;
  readonly definitions: Definitions;
  readonly sensitive: SensitiveMetrics;
  readonly proofs: Proofs;
  readonly #authority: CertificateAuthority;
  readonly #auth: Accounts;
  readonly #audit: AuditPort;
  readonly #registry: Registry;
  readonly #reports: DeviceReports;
  readonly #presence: Presence;
  readonly #intake: DeviceIntake;
  readonly #denials: Denials;
  #unlisten: (() => void)[] = [];

  constructor(options: DevicesOptions) {
    const { db, clock, log, authority, auth, audit, mqttsPort } = options;
    const store = new DeviceStore(db);
    const keyClock = notBefore(clock, options.notBeforeMs ?? (() => 0));
    this.#authority = authority;
    this.#auth = auth;
    this.#audit = audit;
    const keys = new ApiKeys({ store, clock: keyClock, log });
    this.#registry = new Registry(store, clock, keys);
    this.proofs = new Proofs({
      registry: this.#registry,
      authority,
      credentials: auth.credentials,
      mqttsPort: mqttsPort ?? (() => undefined),
      note: (...news) => this.#note(...news),
      evict: (id) => this.#evict(id),
      log,
    });
    this.#reports = new DeviceReports(store, clock, log);
    this.sensitive = new SensitiveMetrics(store, (id) => {
      const device = this.#registry.find(id);
      return device && this.definitions.of(device.type);
    });
    this.#presence = new Presence(clock, (id, online) =>
      this.#tell(online ? 'online' : 'offline', id),
    );
    this.#intake = new DeviceIntake({
      clock,
      log,
      reports: this.#reports,
      presence: this.#presence,
      exists: (id) => this.exists(id),
      openPart: (id, values) => this.sensitive.openPart(id, values),
      onState: (id) => this.#tell('state', id),
    });
    this.#denials = new Denials(clock);
    this.definitions = new Definitions({ db, audit, log });
    this.rooms = new Rooms(store, audit, (roomId) => {
      const moved = this.#registry.leaveRoom(roomId);
      this.onRoomRemoved.emit(roomId);
      for (const device of moved) this.#tell('updated', device.id);
    });
    this.onChange = new Signal('devices.onChange', log);
    this.onEvicted = new Signal('devices.onEvicted', log);
    this.onRemoved = new Signal('devices.onRemoved', log);
    this.onRoomRemoved = new Signal('devices.onRoomRemoved', log);
    this.onStatus = this.#intake.onStatus;
    this.onReachable = new Signal('devices.onReachable', log);
    this.onCertificate = new Signal('devices.onCertificate', log);
  }

  async start(): Promise<void> {
    this.#registry.load();
    this.definitions.load();
    this.sensitive.load();
    this.#reports.start();
    for (const { id } of this.#registry.list()) this.#conceal(id);
    this.#presence.start();
    const types = this.definitions.onChange.listen(() => {
      this.sensitive.typesChanged();
      for (const { id } of this.#registry.list()) this.#conceal(id);
    });
    const revoked = this.#auth.onRevoked.listen(({ kind, id, name }) => {
      // People and their sessions are no MQTT identities.
      if (kind !== 'token' && kind !== 'credential') return;
      const identity = kind === 'token' ? tokenName(id) : name;
      this.onEvicted.emit({ kind: 'service', name: identity });
      this.onEvicted.emit({ kind: kind === 'token' ? 'person' : 'device', name: identity });
    });
    this.#unlisten = [types, revoked];
  }

  async stop(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#presence.stop();
    this.#reports.stop();
  }

  routes(api: Api): void {
    deviceRoutes(api, this);
  }

  get count(): number {
    return this.#registry.size;
  }

  get onlineCount(): number {
    return this.#registry.list().filter(({ id }) => this.#presence.isOnline(id)).length;
  }

  exists(id: string): boolean {
    return this.#registry.find(id) !== undefined;
  }

  /** The id of the room it stands in; null for none, undefined for a device that is not there. */
  roomOf(id: string): string | null | undefined {
    return this.#registry.find(id)?.room;
  }

  /** The ids of the devices that stand in a room. */
  devicesIn(roomId: string): readonly string[] {
    return this.#registry
      .list()
      .filter(({ room }) => room === roomId)
      .map(({ id }) => id);
  }

  /** Whether its messages are taken in; a device under maintenance still speaks. */
  isActive(id: string): boolean {
    const device = this.#registry.find(id);
    return device !== undefined && device.state !== 'disabled';
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Device {
    const record = this.#registry.get(id);
    const controlled = this.definitions.controlled(record.type);
    const isOnline = this.#presence.isOnline(id);
    const denied = this.#denials.countOf(id);
    const sensitive = this.sensitive.of(id);
    return deviceJson(record, this.#reports.of(id), isOnline, denied, controlled, sensitive);
  }

  /** Every device, by id. */
  list(): Device[] {
    return this.#registry.list().map((device) => this.get(device.id));
  }

  /** Those that somebody sees, by id, as they see them. */
  listFor(sight: Sight): Device[] {
    const only = sight.only();
    const shown =
      only === undefined
        ? this.list()
        : [...only]
            .filter((id) => this.exists(id))
            .sort()
            .map((id) => this.get(id));
    return shown.map((device) => deviceFor(sight, device));
  }

  /**
   * Adds a device. The API key is shown this once and kept only as a hash.
   * @throws HearthError `conflict` for an id that is taken, `unprocessable` for one that cannot be.
   */
  create(input: NewDevice, by: By = byHub): { device: Device; apiKey: string } {
    this.rooms.check(input.room);
    const { id, ...detail } = input;
    const { device, apiKey } = this.#registry.create(input, () =>
      this.#note('device.add', id, by, detail),
    );
    this.#tell('created', device.id);
    return { device: this.get(device.id), apiKey };
  }

  /** @throws HearthError `not_found`, `unprocessable` for a room that is not there. */
  update(id: string, changes: DeviceChanges, by: By = byHub): Device {
    this.rooms.check(changes.room);
    const action = changes.state === undefined ? 'device.update' : 'device.state';
    const device = this.#registry.update(id, changes, () => this.#note(action, id, by, changes));
    if (changes.type !== undefined) {
      this.sensitive.typesChanged();
      this.#conceal(id);
    }
    if (device.state === 'disabled') this.#evict(id);
    this.#tell('updated', id);
    return this.get(id);
  }

  /** Removes a device with its certificates, key and credential. @throws HearthError `not_found`. */
  remove(id: string, by: By = byHub): void {
    const device = this.get(id);
    const certificates = this.proofs.void(id).length;
    this.#registry.remove(id, () => this.#note('device.remove', id, by, { certificates }));
    this.sensitive.forget(id);
    this.#reports.forget(id);
    this.#presence.forget(id);
    this.#denials.forget(id);
    this.onChange.emit({ change: 'removed', device: { ...device, status: 'offline' } });
    this.onRemoved.emit(id);
  }

  /**
   * Voids everything a device can prove itself with: certificates, API keys, MQTT credential; and
   * ends its connections. Returns the serials of the certificates. @throws HearthError `not_found`.
   */
  revoke(id: string, by: By = byHub): readonly string[] {
    return this.proofs.revoke(id, by);
  }

  /** The device whose API key this is, unless it is disabled. */
  deviceOfApiKey(apiKey: string): { readonly id: string; readonly name: string } | undefined {
    return this.proofs.deviceOfApiKey(apiKey);
  }

  /** Which metrics of a device are kept encrypted; empty for most. Asked for each message. */
  sensitiveOf(id: string): ReadonlySet<string> {
    return this.sensitive.of(id);
  }

  /**
   * Declares which metrics are sensitive, beside those of the device's type: from now on they are
   * kept encrypted. What was kept before stays as it is, and is no longer shown to everyone.
   * @throws HearthError `not_found`, `unprocessable` naming the metric.
   */
  declareSensitive(id: string, metrics: readonly string[], by: By = byHub): void {
    this.#registry.get(id);
    const detail = { metrics };
    this.sensitive.declare(id, metrics, () => this.#note('device.sensitive', id, by, detail));
    this.#conceal(id);
    this.#tell('updated', id);
  }

  /** Newest value of each metric, with the newest of their times. */
  latest(id: string): LatestValues | undefined {
    return this.exists(id) ? this.#reports.of(id).latest : undefined;
  }

  /** What a device of this type can do and tell. @throws HearthError `not_found` for the device. */
  definitionOf(id: string): TypeDefinition {
    return this.definitions.of(this.#registry.get(id).type);
  }

  /**
   * What the device is like, as far as it said: of each property the newest, by receipt, of what
   * readings, status messages and acknowledgments said. `{}` for a device that is not there.
   */
  reported(id: string): StateMap {
    return this.exists(id) ? this.#reports.of(id).state : {};
  }

  /** Takes in state that came with an acknowledgment, as if a status message had said it. */
  takeReport(id: string, state: StateMap): void {
    this.#intake.report(id, state);
  }

  /** Takes in readings that are on disk: newest values, last seen, and that the device is alive. */
  applySamples(samples: readonly StateSample[]): void {
    this.#intake.samples(samples);
  }

  /**
   * Takes in readings of before the hub was started that may not have made it into the saved state.
   * They are no sign of life: the device is as offline as it was.
   */
  restoreSamples(samples: readonly StateSample[]): void {
    this.#intake.restore(samples);
  }

  /** Forgets the newest values among readings that were deleted. */
  forgetReadings(erased: ErasedReadings): void {
    const { deviceId } = erased;
    if (!this.exists(deviceId) || !this.#reports.of(deviceId).dropReadings(erased)) return;
    this.#reports.touch(deviceId);
    this.#tell('state', deviceId);
  }

  /** A heartbeat over HTTP; `body` may carry the fields of a status message. */
  heartbeat(id: string, body: unknown): Device {
    this.#registry.get(id);
    this.#intake.heartbeat(id, body);
    return this.get(id);
  }

  /** The last refused attempts of one device. @throws HearthError `not_found`. */
  denialsOf(id: string): Denial[] {
    return this.#denials.of(this.#registry.get(id).id);
  }

  /** The last refused attempts of everyone, and how many of nobody we know. */
  denials(): { denials: Denial[]; unknown: number } {
    return { denials: this.#denials.all(), unknown: this.#denials.unknownCount };
  }

  /** What the broker asks before it lets anyone in, through or near; `inlets` take messages in. */
  gate(inlets: {
    telemetry(deviceId: string): Accept;
    ack(deviceId: string): Accept;
    /** Which devices there are for a person; without it only whoever sees all sees any. */
    sightOf?: SightOf;
  }): Gate {
    return new DeviceGate({
      sightOf: inlets.sightOf ?? sightWith,
      find: (id) => this.#registry.find(id),
      authority: this.#authority,
      accounts: this.#auth,
      isConfidential: (id) => this.sensitive.of(id).size > 0,
      inlets: {
        telemetry: (id) => inlets.telemetry(id),
        ack: (id) => inlets.ack(id),
        status: (id) => this.#intake.acceptStatus(id),
      },
      onCertificate: (deviceId, der) => this.onCertificate.emit({ deviceId, der }),
      onConnected: (deviceId) => {
        this.#presence.connected(deviceId);
        this.onReachable.emit({ deviceId });
      },
      onSubscribed: (deviceId) => this.onReachable.emit({ deviceId }),
      onDisconnected: (id) => this.#presence.disconnected(id),
      onDenied: (attempt, id) => {
        const deviceId = id !== undefined && this.exists(id) ? id : undefined;
        this.#denials.add(attempt, deviceId);
      },
    });
  }

  #note(action: string, id: string, by: By, detail: Readonly<Record<string, unknown>> = {}): void {
    this.#audit.append({ ...by, action, subject: `device:${id}`, outcome: 'ok', detail });
  }

  /** What became sensitive is no longer among the newest values, which are on disk as they are. */
  #conceal(id: string): void {
    const metrics = this.sensitive.of(id);
    if (metrics.size > 0 && this.#reports.of(id).drop(metrics)) this.#reports.touch(id);
  }

  #evict(id: string): void {
    this.onEvicted.emit({ kind: 'device', name: id });
  }

  #tell(change: DeviceChange['change'], id: string): void {
    if (this.onChange.hasListeners && this.exists(id)) {
      this.onChange.emit({ change, device: this.get(id) });
    }
  }
}
