import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type Clock, HearthError } from '#kernel';
import { Appliance } from './appliance.ts';
import { backoffMs } from './backoff.ts';
import type { Behaviour } from './behaviour.ts';
import { CommandDesk } from './command-desk.ts';
import type { Refusal } from './command-memory.ts';
import { type Answer, type Dialect, type DialectName, dialects, type Topics } from './dialect.ts';
import type { LatencyHistogram } from './latency.ts';
import { pause } from './pause.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import { refusal } from './refusal.ts';
import { type Algorithm, type HubKeys, verifierOf } from './signature.ts';

/** What a device needs to prove who it is, as PEM. */
export interface DeviceCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** What the hub signs with; without them the device believes whoever reaches its topics. */
  readonly hubKeys?: HubKeys;
}

/** Where the hub listens for MQTT over TLS. */
export interface HubAddress {
  readonly host: string;
  readonly port: number;
}

export interface SimulatedDeviceOptions {
  readonly id: string;
  readonly credentials: DeviceCredentials;
  readonly hub: HubAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly latency?: LatencyHistogram;
  /** Messages that may wait for their acknowledgment at once. */
  readonly window?: number;
  /** What the device pretends to be. One without a profile listens to no command. */
  readonly profile?: Profile;
  /** The family whose topics and words it uses; native by default. */
  readonly dialect?: DialectName;
  /** Which of the hub's keys its firmware knows; either by default. */
  readonly algorithm?: Algorithm;
  readonly behaviour?: Behaviour;
  /** Hears a sentence about everything the device is told to do. */
  readonly onTold?: (sentence: string) => void;
}

export interface DeviceCounts {
  /** Messages handed to the device, each counted once however often it was resent. */
  sent: number;
  acknowledged: number;
  resent: number;
  reconnects: number;
}

interface Pending {
  readonly payload: string;
  readonly sinceMs: number;
}

/** How often a first connection is tried before the hub counts as unreachable. */
const firstAttempts = 5;
/** How long a departing device waits for its last word to be acknowledged. */
const farewellMs = 2000;
const defaultWindow = 100;

/**
 * A device as the hub sees one: it knows its certificate, its topics and nothing else of Hearth. It
 * keeps every message until it is acknowledged, and sends the rest again after each reconnect. What
 * the hub tells it, it does, as far as its `behaviour` lets it.
 */
export class SimulatedDevice {
  readonly counts: DeviceCounts = { sent: 0, acknowledged: 0, resent: 0, reconnects: 0 };
  /** What the device is like; absent for one without a profile. */
  readonly appliance: Appliance | undefined;
  readonly #options: SimulatedDeviceOptions;
  readonly #dialect: Dialect;
  readonly #topics: Topics;
  readonly #desk: CommandDesk | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #watchers = new Set<() => void>();
  readonly #leaving = new AbortController();
  #client: MqttClient | undefined;
  #failure: HearthError | undefined;

  constructor(options: SimulatedDeviceOptions) {
    const { id, clock, random, profile, dialect = 'native' } = options;
    this.#options = options;
    this.#dialect = dialects[dialect];
    this.#topics = this.#dialect.topics(id);
    this.appliance = profile && new Appliance(profile, random, () => clock.nowMs());
    this.#desk = this.appliance && this.#deskOf(this.appliance);
  }

  get id(): string {
    return this.#options.id;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  get unacknowledged(): number {
    return this.#pending.size;
  }

  /** How often each command was executed, of the last 256. More than once is a fault. */
  get executions(): ReadonlyMap<string, number> {
    return this.#desk?.memory.executions ?? new Map();
  }

  /** The last 256 refusals, oldest first. */
  get refused(): readonly Refusal[] {
    return this.#desk?.memory.refused ?? [];
  }

  /** How it takes commands; what is set holds from then on. */
  get behaviour(): Behaviour {
    return this.#desk?.behaviour ?? { kind: 'ignore' };
  }

  set behaviour(behaviour: Behaviour) {
    if (this.#desk) this.#desk.behaviour = behaviour;
  }

  /**
   * Connects for the first time; later losses are mended without being asked.
   * @throws HearthError `unauthenticated` when the hub refuses the certificate, `unavailable` when
   * nobody answers.
   */
  async connect(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#open();
      } catch (error) {
        const refused = error instanceof HearthError && !error.retryable;
        if (refused || attempt + 1 >= firstAttempts) throw error;
        await pause(this.#options.clock, backoffMs(attempt, this.#options.random));
      }
    }
  }

  /**
   * Publishes one QoS 1 message. Resolves when there is room for the next one, so that a caller who
   * awaits it never has more than `window` messages under way, disconnected or not; `signal` ends
   * the wait early.
   * @throws HearthError `unauthenticated` when the hub has turned the device away for good.
   */
  async publish(payload: string, signal?: AbortSignal): Promise<void> {
    const sequence = this.counts.sent++;
    this.#pending.set(sequence, { payload, sinceMs: this.#options.clock.monotonicMs() });
    if (this.#client) this.#send(this.#client, sequence, payload);
    const window = this.#options.window ?? defaultWindow;
    await this.#until(() => this.#pending.size < window, signal);
  }

  /** Publishes what its appliance measures now, as `publish` does. */
  async report(signal?: AbortSignal): Promise<void> {
    if (this.appliance) await this.publish(this.appliance.nextMessage(), signal);
  }

  /** Resolves when everything is acknowledged, or when `signal` says not to wait any longer. */
  drained(signal?: AbortSignal): Promise<void> {
    return this.#until(() => this.#pending.size === 0, signal);
  }

  /** Pulls the network cable: no DISCONNECT is sent, so that the hub publishes the will. */
  cut(): void {
    this.#client?.stream.destroy();
  }

  /** Says goodbye and disconnects. What is not acknowledged by now is dropped. */
  async close(): Promise<void> {
    this.#leaving.abort();
    this.#desk?.stop();
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    const told = client.publishAsync(this.#topics.status, offline, retained);
    await Promise.race([told.catch(() => undefined), pause(this.#options.clock, farewellMs)]);
    await client.endAsync(this.#pending.size > 0);
  }

  #open(): Promise<void> {
    const client = connect(this.#connection());
    client.on('message', (topic, payload) => this.#hear(topic, payload));
    return new Promise((resolve, reject) => {
      let cause: unknown;
      client.on('error', (error) => {
        cause = error;
        client.end(true);
      });
      client.once('connect', () => {
        this.#arrived(client);
        resolve();
      });
      client.once('close', () => {
        client.end(true);
        reject(refusal(this.id, cause));
        if (this.#client !== client) return;
        this.#client = undefined;
        void this.#reconnect();
      });
    });
  }

  /** Every connection is a fresh client: what is resent, and when, is decided here and not inside. */
  #connection(): IClientOptions {
    const { id, credentials, hub } = this.#options;
    return {
      protocol: 'mqtts',
      host: hub.host,
      port: hub.port,
      ca: credentials.caPem,
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      clientId: id,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      keepalive: 60,
      will: { topic: this.#topics.status, payload: Buffer.from(offline), ...retained },
    };
  }

  #arrived(client: MqttClient): void {
    this.#client = client;
    const { command, config } = this.#topics;
    if (this.#desk) client.subscribe([command, config], { qos: 1 });
    this.#tellStatus();
    for (const [sequence, { payload }] of this.#pending) {
      this.counts.resent++;
      this.#send(client, sequence, payload);
    }
  }

  async #reconnect(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#leaving;
    for (let attempt = 0; ; attempt++) {
      await pause(clock, backoffMs(attempt, random), signal);
      if (signal.aborted) return;
      try {
        await this.#open();
        this.counts.reconnects++;
        return;
      } catch (error) {
        if (!(error instanceof HearthError) || error.retryable) continue;
        this.#failure = error;
        this.#tellWatchers();
        return;
      }
    }
  }

  #send(client: MqttClient, sequence: number, payload: string): void {
    client.publish(this.#topics.telemetry, payload, { qos: 1 }, (error) => {
      if (!error) this.#acknowledged(sequence);
    });
  }

  #deskOf(appliance: Appliance): CommandDesk {
    const { id, clock, credentials, algorithm, behaviour, onTold } = this.#options;
    const { hubKeys } = credentials;
    const desk = new CommandDesk({
      law: {
        deviceId: id,
        dialect: this.#dialect,
        verifier: hubKeys && verifierOf(hubKeys, algorithm),
      },
      appliance,
      clock,
      answer: (answer) => this.#answer(answer),
      // Turned away for good: whoever awaits the device is told so.
      report: () => void this.report(this.#leaving.signal).catch(() => undefined),
      onConfigured: () => this.#tellStatus(),
      onTold,
    });
    if (behaviour) desk.behaviour = behaviour;
    return desk;
  }

  #hear(topic: string, payload: Buffer): void {
    if (topic === this.#topics.command) this.#desk?.command(payload);
    else if (topic === this.#topics.config) this.#desk?.config(payload);
  }

  /** A device without a topic to answer on shows by its status what it is like. */
  #answer(answer: Answer): void {
    const { ack } = this.#topics;
    if (ack === undefined) this.#tellStatus(this.appliance?.state);
    else this.#client?.publish(ack, JSON.stringify(this.#dialect.ack(answer)), { qos: 1 });
  }

  #tellStatus(state: Readonly<Record<string, unknown>> = {}): void {
    const version = this.appliance?.configVersion ?? 0;
    const known = version === 0 ? {} : { config_version: version };
    const status = JSON.stringify({ status: 'online', ...known, ...state });
    this.#client?.publish(this.#topics.status, status, retained);
  }

  #acknowledged(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    this.#pending.delete(sequence);
    this.counts.acknowledged++;
    this.#options.latency?.add(this.#options.clock.monotonicMs() - pending.sinceMs);
    this.#tellWatchers();
  }

  #until(isTrue: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = () => {
        if (this.#failure) reject(this.#failure);
        else if (isTrue() || signal?.aborted) resolve();
        else return;
        this.#watchers.delete(watch);
        signal?.removeEventListener('abort', watch);
      };
      this.#watchers.add(watch);
      signal?.addEventListener('abort', watch);
      watch();
    });
  }

  #tellWatchers(): void {
    for (const watch of this.#watchers) watch();
  }
}

const retained = { qos: 1, retain: true } as const;
const offline = JSON.stringify({ status: 'offline' });
