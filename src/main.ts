/** The composition root: the only file that knows everyone. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type ConfigKey, environmentName } from '#config';
import { type Db, type DirectoryLock, lockDirectory, migrate, migrations, openDatabase } from '#db';
import {
  type Cancel,
  type Clock,
  HearthError,
  isHearthError,
  Lifecycle,
  type Log,
  type Part,
  systemClock,
} from '#kernel';
import type { LogRing } from '#ops';
import { connectParts } from './news.ts';
import { type HubAddresses, makeParts, type Parts } from './parts.ts';

export type { HubAddresses } from './parts.ts';

export interface HubOptions {
  readonly config: Config;
  readonly log: Log;
  /** The copy of the log that `hearth logs` reads from. */
  readonly logs?: LogRing;
  readonly clock?: Clock;
  /** Opens the directory and listens nowhere: for the command line when no hub runs. */
  readonly offline?: boolean;
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
 * had started is stopped again and nothing is left half-made. Until it stops, what this process
 * makes is for its owner alone, DuckDB's files and SQLite's too.
 * @throws HearthError naming what to do: directory in use or not writable, port taken, bad setting.
 */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { config, log } = options;
  const umask = process.umask(0o077);
  let lock: DirectoryLock | undefined;
  let db: Db | undefined;
  try {
    lock = lockDirectory(config.data);
    if (options.offline !== true) warnOfReaders(config.data, log);
    // A device's newest values lie in it too, and are to go when its history does.
    db = openDatabase(join(config.data, 'hearth.db'), { leavesNoTrace: true });
    migrate(db, migrations);
    const hub = new RunningHub(options, db, () => {
      db?.close();
      lock?.release();
      process.umask(umask);
    });
    await hub.start();
    return hub;
  } catch (error) {
    if (db?.open) db.close();
    lock?.release();
    process.umask(umask);
    log.debug({ err: error }, 'the hub did not start');
    throw error;
  }
}

/** A directory that was there before keeps the mode that somebody gave it. */
function warnOfReaders(directory: string, log: Log): void {
  const mode = statSync(directory).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  log.warn(
    { directory, mode: mode.toString(8) },
    'others may look into the data directory: chmod 700 closes it',
  );
}

/** How long a clock may be behind before someone has to look. */
const clockDoubtMs = 120_000;

class RunningHub implements Hub {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lifecycle: Lifecycle;
  readonly #release: () => void;
  readonly #parts: Parts;
  readonly #offline: boolean;
  #stopping: Promise<void> | undefined;

  constructor(options: HubOptions, db: Db, release: () => void) {
    const { config, log, clock = systemClock, logs } = options;
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#offline = options.offline === true;
    this.#release = release;
    this.#lifecycle = new Lifecycle(log);
    this.#parts = makeParts({ config, log, logs, clock, db, addresses: () => this.addresses });
  }

  get addresses(): HubAddresses {
    const { http, broker } = this.#parts;
    const ports = http.addresses();
    const bound = broker.addresses();
    const mqtt = (transport: 'tls' | 'tcp') =>
      bound.find((address) => address.transport === transport);
    const open = (port: number) => (port === 0 ? undefined : { port });
    return {
      http: open(ports.http),
      https: open(ports.https),
      mqtts: mqtt('tls'),
      mqtt: mqtt('tcp'),
    };
  }

  get caFingerprint(): string {
    return this.#parts.authority.caFingerprint;
  }

  setupCode(): string | undefined {
    return this.#parts.auth.setupCode();
  }

  request(request: Request): Promise<Response> {
    return this.#parts.http.request(request);
  }

  /** Whoever takes something in starts after those who keep it, and stops before them. */
  async start(): Promise<void> {
    const parts = this.#parts;
    parts.secrets.register('audit', (reseal) => parts.audit.reseal(reseal));
    parts.secrets.register('pki', (reseal) => parts.authority.reseal(reseal));
    parts.secrets.register('telemetry', (reseal) => parts.telemetry.reseal(reseal));
    parts.secrets.register('auth', (reseal) => parts.auth.reseal(reseal));
    connectParts(parts, { log: this.#log, offline: this.#offline });
    const restored: Part = {
      name: 'newest values',
      // What was acknowledged just before a power cut is newer than the devices' own saved state.
      start: async () => parts.devices.restoreSamples(parts.telemetry.newest()),
      stop: async () => {},
    };
    const keepers: Part[] = [
      parts.secrets,
      parts.audit,
      parts.authority,
      parts.auth,
      parts.devices,
      parts.shares,
      parts.signing,
      parts.telemetry,
      // They are stopped before it: what runs ends, and what it brought stays.
      parts.exports,
      parts.imports,
      restored,
      parts.due,
      parts.alerts,
      parts.joining,
      parts.commands,
      parts.deviceConfig,
      parts.schedules,
      parts.overrides,
      {
        name: 'key rotation',
        // Every keeper of secrets is there: what a power cut left of a rotation is ended.
        start: () => parts.secrets.finishRotation(),
        stop: async () => {},
      },
    ];
    const takers: Part[] = [
      parts.broker,
      this.#time(),
      this.#mqttListeners(),
      parts.realtime,
      parts.http,
      // Stopped first: an answer that someone waits for still goes out.
      {
        name: 'waiting requests',
        start: async () => {},
        stop: async () => parts.commands.endWaiting(),
      },
    ];
    await this.#lifecycle.start([parts.ops, ...keepers, ...(this.#offline ? [] : takers)]);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#lifecycle.stop().finally(this.#release);
    return this.#stopping;
  }

  /** What is due fires only while there is a broker to speak through. */
  #time(): Part {
    const { due } = this.#parts;
    let cancel: Cancel = () => {};
    return {
      name: 'what is due',
      start: async () => {
        due.open();
        // A machine without a battery for its clock is told the time soon after it boots.
        cancel = this.#clock.after(clockDoubtMs, () => this.#doubtClock());
      },
      stop: async () => {
        cancel();
        due.close();
      },
    };
  }

  #doubtClock(): void {
    const { due, alerts } = this.#parts;
    if (due.clockIsPlausible) return;
    const ranAt = new Date(due.markAtMs).toISOString();
    alerts.raise({
      kind: 'clock_behind',
      message: `The clock of this machine is behind ${ranAt}, when the hub last ran: schedules and timers wait until it is right. If it is right, start the hub once with HEARTH_CLOCK_TRUSTED=true.`,
      detail: { ran_at: ranAt },
    });
  }

  /** MQTT's own ports; the one inside HTTPS is `http`'s. */
  #mqttListeners(): Part {
    const config = this.#config;
    const { broker, authority } = this.#parts;
    return {
      name: 'mqtt listeners',
      start: async () => {
        await bySetting('mqtts.port', () =>
          broker.listenTls({
            address: config['mqtts.address'],
            port: config['mqtts.port'],
            credentials: authority.serverCredentials(),
            caPem: authority.caPem,
            minVersion: config['tls.min_version'],
          }),
        );
        const plain = config['mqtt.port'];
        if (plain === 0) return;
        await bySetting('mqtt.port', () =>
          broker.listenTcp({
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
