/** The composition root: the only file that knows everyone. */
import { join } from 'node:path';
import { Auth } from '#auth';
import { type Config, type ConfigKey, environmentName } from '#config';
import { type Db, lockDirectory, migrate, migrations, openDatabase } from '#db';
import { Devices } from '#devices';
import { HttpServer } from '#http';
import {
  type Clock,
  HearthError,
  isHearthError,
  Lifecycle,
  type Log,
  type Part,
  systemClock,
} from '#kernel';
import { Broker, type BrokerLimits, type Identity, type StoreIncident } from '#mqtt';
import { LogRing, Ops } from '#ops';
import { Authority } from '#pki';
import { Realtime } from '#realtime';
import { Telemetry } from '#telemetry';
import packageJson from '../package.json' with { type: 'json' };
import { probesOf, sectionsOf } from './overview.ts';

export interface HubOptions {
  readonly config: Config;
  readonly log: Log;
  /** The copy of the log that `hearth logs` reads from. */
  readonly logs?: LogRing;
  readonly clock?: Clock;
  /** Opens the directory and listens nowhere: for the command line when no hub runs. */
  readonly offline?: boolean;
}

export interface HubAddresses {
  readonly http: { readonly port: number } | undefined;
  readonly https: { readonly port: number } | undefined;
  readonly mqtts: { readonly port: number } | undefined;
  readonly mqtt: { readonly port: number } | undefined;
}

/** A hub that is up. */
export interface Hub {
  readonly addresses: HubAddresses;
  /** SHA-256 of the certificate authority, `AB:CD:…`. */
  readonly caFingerprint: string;
  /** What the owner types to become the owner; `undefined` once there is one. */
  setupCode(): string | undefined;
  /** The REST API from inside the process, with the rights of the machine's owner. */
  request(request: Request): Promise<Response>;
  /** Stops listening, acknowledges what was read, brings everything to disk. */
  stop(): Promise<void>;
}

/**
 * Takes the data directory for this process and starts a hub in it. When anything fails, whatever
 * had started is stopped again and nothing is left half-made.
 * @throws HearthError naming what to do: directory in use or not writable, port taken, bad setting.
 */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { config, log } = options;
  const lock = lockDirectory(config.data);
  let db: Db | undefined;
  try {
    db = openDatabase(join(config.data, 'hearth.db'));
    migrate(db, migrations);
    const hub = new RunningHub(options, db, () => {
      db?.close();
      lock.release();
    });
    await hub.start();
    return hub;
  } catch (error) {
    if (db?.open) db.close();
    lock.release();
    log.debug({ err: error }, 'the hub did not start');
    throw error;
  }
}

class RunningHub implements Hub {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lifecycle: Lifecycle;
  readonly #release: () => void;
  readonly #authority: Authority;
  readonly #auth: Auth;
  readonly #devices: Devices;
  readonly #telemetry: Telemetry;
  readonly #broker: Broker;
  readonly #realtime: Realtime;
  readonly #ops: Ops;
  readonly #http: HttpServer;
  readonly #offline: boolean;
  #stopping: Promise<void> | undefined;

  constructor(options: HubOptions, db: Db, release: () => void) {
    const { config, log, clock = systemClock } = options;
    const named = (name: string) => ({ clock, log: log.child({ part: name }) });
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#offline = options.offline === true;
    this.#release = release;
    this.#lifecycle = new Lifecycle(log);
    const authority = new Authority({
      directory: join(config.data, 'pki'),
      db,
      extraNames: config['https.names'],
      ...named('pki'),
    });
    const auth = new Auth({
      db,
      directory: config.data,
      homeName: config['home.name'],
      ...named('auth'),
    });
    const devices = new Devices({
      db,
      authority,
      auth,
      mqttsPort: () => this.addresses.mqtts?.port,
      ...named('devices'),
    });
    const telemetry = new Telemetry({
      directory: join(config.data, 'telemetry'),
      db,
      config,
      devices,
      ...named('telemetry'),
    });
    const broker = new Broker({
      gate: devices.gate({ telemetry: (deviceId) => telemetry.acceptFrom(deviceId) }),
      directory: join(config.data, 'mqtt'),
      limits: brokerLimits(config),
      onIncident: (incident) => this.#report(incident),
      ...named('mqtt'),
    });
    const realtime = new Realtime({
      home: config['home.name'],
      auth,
      devices,
      telemetry,
      limits: { websockets: config['limits.websockets'] },
      ...named('realtime'),
    });
    const parts = { db, broker, devices, telemetry, realtime };
    const ops = new Ops({
      version: packageJson.version,
      clock,
      logs: options.logs ?? new LogRing(),
      probes: probesOf(parts),
      numbers: {
        mqtt: () => broker.stats(),
        telemetry: () => telemetry.health(),
        devices: () => ({ known: devices.count, online: devices.onlineCount }),
        realtime: () => ({ clients: realtime.count }),
      },
      sections: { addresses: () => this.addresses, ...sectionsOf(parts) },
    });
    const http = new HttpServer({
      config,
      authority,
      auth,
      devices,
      ops,
      routes: [
        (api) => auth.routes(api),
        (api) => devices.routes(api),
        (api) => telemetry.routes(api),
      ],
      webDirectory: join(import.meta.dirname, '../web/dist'),
      onWebSocket: {
        '/ws': (ws, visit) => realtime.accept(ws, visit.caller, visit.reauthenticate),
        '/mqtt': (ws, { remoteAddress, certificateDer }) =>
          broker.handleWebSocket(ws, {
            remoteAddress,
            ...(certificateDer && { certificate: certificateDer }),
          }),
      },
      ...named('http'),
    });
    this.#authority = authority;
    this.#auth = auth;
    this.#devices = devices;
    this.#telemetry = telemetry;
    this.#broker = broker;
    this.#realtime = realtime;
    this.#ops = ops;
    this.#http = http;
  }

  get addresses(): HubAddresses {
    const { http, https } = this.#http.addresses();
    const bound = this.#broker.addresses();
    const mqtt = (transport: 'tls' | 'tcp') =>
      bound.find((address) => address.transport === transport);
    const open = (port: number) => (port === 0 ? undefined : { port });
    return { http: open(http), https: open(https), mqtts: mqtt('tls'), mqtt: mqtt('tcp') };
  }

  get caFingerprint(): string {
    return this.#authority.caFingerprint;
  }

  setupCode(): string | undefined {
    return this.#auth.setupCode();
  }

  request(request: Request): Promise<Response> {
    return this.#http.request(request);
  }

  /** Whoever takes something in starts after those who keep it, and stops before them. */
  async start(): Promise<void> {
    this.#connect();
    const restored: Part = {
      name: 'newest values',
      // What was acknowledged just before a power cut is newer than the devices' own saved state.
      start: async () => this.#devices.restoreSamples(this.#telemetry.newest()),
      stop: async () => {},
    };
    const keepers: Part[] = [this.#authority, this.#auth, this.#devices, this.#telemetry, restored];
    const takers: Part[] = [this.#broker, this.#mqttListeners(), this.#realtime, this.#http];
    await this.#lifecycle.start([this.#ops, ...keepers, ...(this.#offline ? [] : takers)]);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#lifecycle.stop().finally(this.#release);
    return this.#stopping;
  }

  /** News from one part to another. */
  #connect(): void {
    this.#telemetry.onSample.listen((samples) => this.#devices.applySamples(samples));
    this.#devices.onEvicted.listen((identity) => this.#broker.disconnect(identity));
    this.#devices.onRemoved.listen((id) => this.#forget({ kind: 'device', name: id }));
    this.#authority.onServerCertificate.listen(() =>
      this.#broker.setServerCredentials(this.#authority.serverCredentials()),
    );
  }

  /** The broker opens its store before anyone could read of an incident: telemetry writes it down. */
  #report(incident: StoreIncident): void {
    const at = new Date(this.#clock.nowMs()).toISOString();
    this.#telemetry.report({ at, ...incident }).catch((error) => {
      this.#log.error({ err: error, incident }, 'an incident was not written down');
    });
  }

  #forget(identity: Identity): void {
    this.#telemetry.forget(identity.name);
    if (this.#offline) return;
    this.#broker.forget(identity).catch((error) => {
      this.#log.error({ err: error, identity }, 'stored sessions were not forgotten');
    });
  }

  /** MQTT's own ports; the one inside HTTPS is `http`'s. */
  #mqttListeners(): Part {
    const config = this.#config;
    return {
      name: 'mqtt listeners',
      start: async () => {
        await bySetting('mqtts.port', () =>
          this.#broker.listenTls({
            address: config['mqtts.address'],
            port: config['mqtts.port'],
            credentials: this.#authority.serverCredentials(),
            caPem: this.#authority.caPem,
            minVersion: config['tls.min_version'],
          }),
        );
        const plain = config['mqtt.port'];
        if (plain === 0) return;
        await bySetting('mqtt.port', () =>
          this.#broker.listenTcp({
            address: config['mqtt.address'],
            port: plain === 'any' ? 0 : plain,
          }),
        );
      },
      // The broker closes its own listeners, before its clients.
      stop: async () => {},
    };
  }
}

/** The broker knows ports, not settings: whoever has to choose another is told where. */
async function bySetting<Result>(key: ConfigKey, listen: () => Promise<Result>): Promise<Result> {
  try {
    return await listen();
  } catch (error) {
    if (!isHearthError(error) || error.code !== 'address_in_use') throw error;
    throw new HearthError('address_in_use', error.message, {
      field: key,
      hint: `Stop the other program, or set ${key} (${environmentName(key)}) to another port.`,
      cause: error,
    });
  }
}

const brokerLimits = (config: Config): BrokerLimits => ({
  connections: config['limits.connections'],
  connectsPerSecond: config['limits.connects_per_second'],
  packetBytes: config['limits.packet_bytes'],
  subscriptions: config['limits.subscriptions'],
  inflight: config['limits.inflight'],
  queued: config['limits.queued'],
  retained: config['limits.retained'],
  messagesPerSecond: config['limits.messages_per_second'],
});
