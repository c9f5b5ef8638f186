import type { Api } from '#auth';
import type { Db } from '#db';
import { type Clock, HearthError, type Log, type Part, Signal } from '#kernel';
import type { Accept, Gate, Identity } from '#mqtt';
import { type AuditTrail, Definitions } from './definitions/service.ts';
import type { StateMap, TypeDefinition } from './definitions/types.ts';
import { type Denial, Denials } from './denials.ts';
import { deviceJson } from './device-json.ts';
import { DeviceGate, tokenName } from './gate.ts';
import { DeviceIntake } from './intake.ts';
import { Presence } from './presence.ts';
import { Registry } from './registry.ts';
import { DeviceReports } from './reports.ts';
import { Rooms } from './rooms.ts';
import { deviceRoutes } from './routes.ts';
import type { DeviceChanges, NewDevice } from './schema.ts';
import { DeviceStore } from './store.ts';
import type {
  Accounts,
  CertificateAuthority,
  CertificateRecord,
  Device,
  DeviceChange,
  IssuedCertificate,
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
  readonly audit: AuditTrail;
  /** Where MQTT over TLS listens now, for whoever gets a certificate; undefined while it does not. */
  readonly mqttsPort?: () => number | undefined;
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
  readonly #log: Log;
  readonly #authority: CertificateAuthority;
  readonly #auth: Accounts;
  readonly #mqttsPort: () => number | undefined;
  readonly #registry: Registry;
  readonly #reports: DeviceReports;
  readonly #presence: Presence;
  readonly #intake: DeviceIntake;
  readonly #denials: Denials;
  #unlisten: () => void = () => {};

  constructor({ db, clock, log, authority, auth, audit, mqttsPort }: DevicesOptions) {
    const store = new DeviceStore(db);
    this.#log = log;
    this.#authority = authority;
    this.#auth = auth;
    this.#mqttsPort = mqttsPort ?? (() => undefined);
    this.#registry = new Registry(store, clock);
    this.#reports = new DeviceReports(store, clock, log);
    this.#presence = new Presence(clock, (id, online) =>
      this.#tell(online ? 'online' : 'offline', id),
    );
    this.#intake = new DeviceIntake({
      clock,
      log,
      reports: this.#reports,
      presence: this.#presence,
      exists: (id) => this.exists(id),
      onState: (id) => this.#tell('state', id),
    });
    this.#denials = new Denials(clock);
    this.definitions = new Definitions({ db, audit, log });
    this.rooms = new Rooms(store, (roomId) => {
      for (const device of this.#registry.leaveRoom(roomId)) this.#tell('updated', device.id);
    });
    this.onChange = new Signal('devices.onChange', log);
    this.onEvicted = new Signal('devices.onEvicted', log);
    this.onRemoved = new Signal('devices.onRemoved', log);
    this.onStatus = this.#intake.onStatus;
    this.onReachable = new Signal('devices.onReachable', log);
    this.onCertificate = new Signal('devices.onCertificate', log);
  }

  async start(): Promise<void> {
    this.#registry.load();
    this.definitions.load();
    this.#reports.start();
    this.#presence.start();
    this.#unlisten = this.#auth.onRevoked.listen(({ kind, id, name }) => {
      const identity = kind === 'token' ? tokenName(id) : name;
      this.onEvicted.emit({ kind: 'service', name: identity });
      this.onEvicted.emit({ kind: kind === 'token' ? 'person' : 'device', name: identity });
    });
  }

  async stop(): Promise<void> {
    this.#unlisten();
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

  /** Whether its messages are taken in; a device under maintenance still speaks. */
  isActive(id: string): boolean {
    const device = this.#registry.find(id);
    return device !== undefined && device.state !== 'disabled';
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Device {
    const record = this.#registry.get(id);
    const controlled = this.definitions.controlled(record.type);
    return deviceJson(record, this.#reports.of(id), this.#presence.isOnline(id), controlled);
  }

  /** Every device, by id. */
  list(): Device[] {
    return this.#registry.list().map((device) => this.get(device.id));
  }

  /**
   * Adds a device. The API key is shown this once and kept only as a hash.
   * @throws HearthError `conflict` for an id that is taken, `unprocessable` for one that cannot be.
   */
  create(input: NewDevice): { device: Device; apiKey: string } {
    this.rooms.check(input.room);
    const { device, apiKey } = this.#registry.create(input);
    this.#tell('created', device.id);
    return { device: this.get(device.id), apiKey };
  }

  /** @throws HearthError `not_found`, `unprocessable` for a room that is not there. */
  update(id: string, changes: DeviceChanges): Device {
    this.rooms.check(changes.room);
    const device = this.#registry.update(id, changes);
    if (device.state === 'disabled') this.#evict(id);
    this.#tell('updated', id);
    return this.get(id);
  }

  /** Removes a device with its certificates, key and credential. @throws HearthError `not_found`. */
  remove(id: string): void {
    const device = this.get(id);
    this.revoke(id);
    this.#registry.remove(id);
    this.#reports.forget(id);
    this.#presence.forget(id);
    this.#denials.forget(id);
    this.onChange.emit({ change: 'removed', device: { ...device, status: 'offline' } });
    this.onRemoved.emit(id);
  }

  /**
   * Voids everything a device can prove itself with: certificates, API key, MQTT credential; and
   * ends its connections. Returns the serials of the certificates. @throws HearthError `not_found`.
   */
  revoke(id: string): readonly string[] {
    this.#registry.get(id);
    const serials = this.#authority.revokeAll(id);
    this.#registry.revokeKey(id);
    this.#auth.credentials.remove(id, 'device');
    this.#evict(id);
    this.#log.info({ deviceId: id, certificates: serials.length }, 'device revoked');
    return serials;
  }

  /** A new API key; the one before it is void. @throws HearthError `not_found`. */
  rotateApiKey(id: string): string {
    return this.#registry.rotateKey(id);
  }

  /** The device whose API key this is, unless it is disabled. */
  deviceOfApiKey(apiKey: string): { readonly id: string; readonly name: string } | undefined {
    const device = this.#registry.deviceOfKey(apiKey);
    return device && device.state !== 'disabled' ? device : undefined;
  }

  /**
   * Makes a client certificate; with `csrPem` for a key the device made and keeps itself.
   * @throws HearthError `not_found`, and what the authority says of a bad request.
   */
  async issueCertificate(
    id: string,
    csrPem?: string,
  ): Promise<IssuedCertificate & { caPem: string; mqttsPort: number | undefined }> {
    const device = this.#registry.get(id);
    if (device.state === 'disabled') {
      throw new HearthError('conflict', `the device "${id}" is disabled`, {
        hint: 'Set its state to active first.',
      });
    }
    const issued = await this.#authority.issueClient(
      csrPem === undefined ? { deviceId: id } : { deviceId: id, csrPem },
    );
    return { ...issued, caPem: this.#authority.caPem, mqttsPort: this.#mqttsPort() };
  }

  /** @throws HearthError `not_found`. */
  certificatesOf(id: string): readonly CertificateRecord[] {
    return this.#authority.certificatesOf(this.#registry.get(id).id);
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
  gate(inlets: { telemetry(deviceId: string): Accept; ack(deviceId: string): Accept }): Gate {
    return new DeviceGate({
      find: (id) => this.#registry.find(id),
      authority: this.#authority,
      accounts: this.#auth,
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
        if (deviceId === undefined) return;
        this.#reports.of(deviceId).denied += 1;
        this.#reports.touch(deviceId);
      },
    });
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
