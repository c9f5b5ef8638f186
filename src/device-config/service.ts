import type { Audit } from '#audit';
import type { Api } from '#auth';
import type { Command } from '#commands';
import type { Db, DueQueue } from '#db';
import { type Clock, HearthError, type Log, type Part, Signal } from '#kernel';
import { configDue, Delivery, sendEveryMs } from './delivery.ts';
import { documentText, isDocument, saysTheSame } from './document.ts';
import { configRoutes } from './routes.ts';
import { isInSync, problemOf, readVersion } from './standing.ts';
import { Standings } from './standings.ts';
import { ConfigStore } from './store.ts';
import type {
  Asker,
  CarryingCommand,
  ConfigNews,
  ConfigReport,
  ConfigRequest,
  ConfigState,
  ConfiguredDevices,
  ConfigVersion,
  ConfigVersionJson,
  OtherAck,
  SendDirect,
  SignConfig,
} from './types.ts';

export interface DeviceConfigOptions {
  readonly db: Db;
  readonly due: Pick<DueQueue, 'handle' | 'set' | 'setAfter' | 'cancel' | 'dueAtMs'>;
  readonly audit: Pick<Audit, 'append'>;
  readonly devices: ConfiguredDevices;
  readonly sign: SignConfig;
  readonly send: SendDirect;
  readonly clock: Clock;
  readonly log: Log;
}

const longestProblem = 300;

/**
 * One configuration document per device, in versions that only rise. It is sent until the device
 * says that it has it: when it is set, whenever the device can be reached again, and every five
 * minutes in between.
 */
export class DeviceConfig implements Part {
  readonly name = 'device config';
  /** Another version is desired or reported, or one was refused. */
  readonly onChange: Signal<ConfigNews>;
  readonly #store: ConfigStore;
  readonly #standings: Standings;
  readonly #due: DeviceConfigOptions['due'];
  readonly #audit: DeviceConfigOptions['audit'];
  readonly #devices: ConfiguredDevices;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ db, due, audit, devices, sign, send, clock, log }: DeviceConfigOptions) {
    this.#store = new ConfigStore(db);
    this.#standings = new Standings(this.#store, clock, log);
    this.#due = due;
    this.#audit = audit;
    this.#devices = devices;
    this.#clock = clock;
    this.#log = log;
    const [store, standings] = [this.#store, this.#standings];
    this.#delivery = new Delivery({ store, standings, due, sign, send, clock, log });
    this.onChange = new Signal('deviceConfig.onChange', log);
  }

  /** Reads what is desired and reported; before the due queue opens. */
  async start(): Promise<void> {
    this.#due.handle(configDue, (deviceId) => this.#delivery.isDue(deviceId));
    this.#standings.start();
  }

  async stop(): Promise<void> {
    this.#standings.stop();
  }

  routes(api: Api): void {
    configRoutes(api, this);
  }

  /** How many devices do not have what they should. */
  numbers(): { readonly waiting: number } {
    let waiting = 0;
    for (const standing of this.#standings.all()) if (!isInSync(standing)) waiting += 1;
    return { waiting };
  }

  /** @throws HearthError `not_found`. */
  get(deviceId: string): ConfigState {
    this.#devices.get(deviceId);
    return this.#json(deviceId);
  }

  /** The last fifty versions, newest first. @throws HearthError `not_found`. */
  history(deviceId: string): ConfigVersionJson[] {
    this.#devices.get(deviceId);
    return this.#store.history(deviceId).map(versionJson);
  }

  /** What a device should have. @throws HearthError `not_found` when nothing was ever set for it. */
  desiredOf(deviceId: string): ConfigVersionJson {
    const { desired } = this.get(deviceId);
    if (desired) return desired;
    throw new HearthError('not_found', `no configuration was set for "${deviceId}"`, {
      hint: `PUT /api/v1/devices/${deviceId}/config sets one.`,
    });
  }

  /**
   * Sets the document; one that says the same as the desired one is no new version.
   * @throws HearthError `not_found`; `unprocessable` for one that is too large or too deep; `conflict`
   * when another version than `baseVersion` is the desired one.
   */
  set(deviceId: string, request: ConfigRequest): ConfigState {
    this.#devices.get(deviceId);
    const { desired, problem } = this.#standings.of(deviceId);
    const { baseVersion = desired, config } = request;
    const text = documentText(config);
    if (baseVersion !== desired) {
      const meanwhile = desired === 0 ? 'there is no version yet' : `version ${desired} is newer`;
      throw new HearthError('conflict', `base_version is ${baseVersion}, but ${meanwhile}`, {
        field: 'base_version',
        hint: 'Get the configuration, look at it, and set yours again.',
      });
    }
    if (!this.#isDesired(deviceId, config)) this.#setVersion(deviceId, desired + 1, text, request);
    else if (!problem?.withdrawn || problem.version !== desired) return this.#json(deviceId);
    else this.#standings.note(deviceId, { problem: null });
    this.#tell(deviceId);
    this.#delivery.sendIfMissing(deviceId);
    return this.#json(deviceId);
  }

  /** A device says which version it has: by its own request, a status message, a reading, an answer. */
  report(deviceId: string, version: number): ConfigState {
    this.#devices.get(deviceId);
    this.#take(deviceId, version);
    return this.#json(deviceId);
  }

  onStatus(status: ConfigReport): void {
    this.#hear(status);
  }

  onSamples(samples: readonly ConfigReport[]): void {
    for (const sample of samples) this.#hear(sample);
  }

  /** The device can be reached (again): it may have refused a version and know better by now. */
  onReachable(deviceId: string): void {
    const { problem } = this.#standings.of(deviceId);
    if (problem && !problem.withdrawn) {
      this.#standings.note(deviceId, { problem: null });
      this.#tell(deviceId);
    }
    this.#delivery.sendIfMissing(deviceId);
  }

  /** A device answered something that is no command: `config-3` is version 3. */
  onOtherAck({ deviceId, id, ok, message }: OtherAck): void {
    const digits = /^config-(\d{1,10})$/.exec(id)?.[1];
    if (digits === undefined || !this.#devices.exists(deviceId)) return;
    if (ok) this.#take(deviceId, Number(digits));
    else this.#refuse(deviceId, Number(digits), message ?? 'the device refused it', false);
  }

  /**
   * A command was made or has changed. `setConfig` carries a document: it is the desired one from
   * then on, and is not sent a second time while the command is under way.
   */
  onCommand(command: Command): void {
    if (command.action !== 'setConfig') return;
    const known = this.#store.command(command.id);
    if (known) this.#follow(command, known);
    else if (command.status === 'queued' || command.status === 'sent') this.#carry(command);
  }

  /** A device is gone, and its rows with it. */
  forget(deviceId: string): void {
    this.#standings.forget(deviceId);
    this.#due.cancel(configDue, deviceId);
  }

  #carry(command: Command): void {
    const { id: commandId, device_id: deviceId, value: config } = command;
    if (!this.#devices.exists(deviceId) || !isDocument(config)) return;
    let text: string;
    try {
      text = documentText(config);
    } catch (error) {
      this.#log.warn({ err: error, deviceId, commandId }, 'a setConfig command is not kept');
      return;
    }
    const madeVersion = !this.#isDesired(deviceId, config);
    const version = this.#standings.of(deviceId).desired + (madeVersion ? 1 : 0);
    const expiresAtMs = Date.parse(command.expires_at);
    this.#store.transaction(() => {
      const asker = { requestedBy: command.requested_by };
      if (madeVersion) this.#addVersion(deviceId, version, text, asker, commandId);
      const outcome = 'open';
      this.#store.addCommand({ commandId, deviceId, version, madeVersion, expiresAtMs, outcome });
      this.#due.set(configDue, deviceId, expiresAtMs);
    });
    this.#standings.put(deviceId, { desired: version, carrier: { commandId, expiresAtMs } });
    this.#standings.note(deviceId, { problem: null });
    this.#tell(deviceId);
  }

  #follow(command: Command, known: CarryingCommand): void {
    const { deviceId, version } = known;
    const isTaken = command.acknowledged_at !== null;
    const outcome = isTaken ? 'taken' : isOver(command) ? 'given_up' : 'open';
    if (outcome === known.outcome) return;
    const standing = this.#standings.of(deviceId);
    const taken = isTaken ? { version, atMs: Math.floor(this.#clock.nowMs()) } : standing.taken;
    this.#store.transaction(() => {
      this.#store.settleCommand(known.commandId, outcome);
      if (isTaken) this.#store.saveReport(deviceId, { ...standing, taken });
    });
    const isCarrier = standing.carrier?.commandId === known.commandId;
    this.#standings.put(deviceId, { taken, ...(isCarrier && { carrier: null }) });
    if (isTaken) {
      if (version === standing.desired) this.#standings.note(deviceId, { problem: null });
      this.#tell(deviceId);
      // What came to it last is not what it should have, whatever it reported before.
      if (version !== standing.desired) this.#delivery.sendAgain(deviceId);
      else this.#delivery.sendIfMissing(deviceId);
    } else if (command.status === 'rejected') {
      this.#refuse(deviceId, version, command.error ?? 'the device refused it', false);
    } else if (command.status === 'cancelled' && known.madeVersion) {
      if (isCarrier) this.#refuse(deviceId, version, 'the command that set it was cancelled', true);
    } else if (isCarrier) {
      this.#delivery.sendIfMissing(deviceId);
    }
  }

  #setVersion(deviceId: string, version: number, text: string, asker: Asker): void {
    this.#store.transaction(() => {
      this.#addVersion(deviceId, version, text, asker);
      this.#due.setAfter(configDue, deviceId, sendEveryMs);
    });
    this.#standings.put(deviceId, { desired: version, carrier: null });
  }

  #addVersion(
    deviceId: string,
    version: number,
    config: string,
    { requestedBy, origin }: Asker,
    commandId?: string,
  ): void {
    const setAtMs = Math.floor(this.#clock.nowMs());
    this.#store.addVersion(deviceId, { version, config, setAtMs, setBy: requestedBy });
    this.#audit.append({
      actor: requestedBy,
      action: 'config.set',
      subject: `device:${deviceId}`,
      outcome: 'ok',
      ...(origin !== undefined && { origin }),
      detail: { version, ...(commandId !== undefined && { command_id: commandId }) },
    });
  }

  #hear({ deviceId, values }: ConfigReport): void {
    const version = readVersion(values.config_version);
    if (version === undefined || !this.#devices.exists(deviceId)) return;
    this.#take(deviceId, version);
  }

  /** Costs nothing when it is no news. */
  #take(deviceId: string, version: number): void {
    const { reported, desired, problem } = this.#standings.of(deviceId);
    if (reported?.version === version) return;
    this.#standings.note(deviceId, {
      reported: { version, atMs: Math.floor(this.#clock.nowMs()) },
      problem: version === desired ? null : problem,
    });
    this.#delivery.watch(deviceId);
    this.#tell(deviceId);
  }

  /** A word about a version that is not desired any more changes nothing. */
  #refuse(deviceId: string, version: number, said: string, withdrawn: boolean): void {
    if (this.#standings.of(deviceId).desired !== version) return;
    const text = said.slice(0, longestProblem);
    this.#standings.note(deviceId, { problem: { version, text, withdrawn } });
    this.#tell(deviceId);
  }

  #isDesired(deviceId: string, config: ConfigVersion['config']): boolean {
    const desired = this.#store.version(deviceId, this.#standings.of(deviceId).desired);
    return desired !== undefined && saysTheSame(desired.config, config);
  }

  #json(deviceId: string): ConfigState {
    const standing = this.#standings.of(deviceId);
    const { desired, reported, taken } = standing;
    const version = this.#store.version(deviceId, desired);
    return {
      device_id: deviceId,
      desired: version ? versionJson(version) : null,
      reported: reported && { version: reported.version, at: iso(reported.atMs) },
      taken: taken && { version: taken.version, at: iso(taken.atMs) },
      in_sync: isInSync(standing),
      problem: problemOf(standing),
    };
  }

  #tell(deviceId: string): void {
    if (!this.onChange.hasListeners) return;
    const { desired, ...state } = this.#json(deviceId);
    this.onChange.emit({ ...state, desired: desired && withoutDocument(desired) });
  }
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

const versionJson = ({ version, config, setAtMs, setBy }: ConfigVersion): ConfigVersionJson => ({
  version,
  config,
  set_at: iso(setAtMs),
  set_by: setBy,
});

const withoutDocument = ({
  version,
  set_at,
  set_by,
}: ConfigVersionJson): ConfigNews['desired'] => ({
  version,
  set_at,
  set_by,
});

const isOver = ({ status }: Command): boolean =>
  status === 'rejected' || status === 'expired' || status === 'timed_out' || status === 'cancelled';
