import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type Clock, HearthError, messageOf } from '#kernel';
import { backoffMs } from './backoff.ts';
import type { LatencyHistogram } from './latency.ts';
import { pause } from './pause.ts';
import type { Random } from './random.ts';

/** What a device needs to prove who it is, as PEM. */
export interface DeviceCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
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
 * keeps every message until it is acknowledged, and sends the rest again after each reconnect.
 */
export class SimulatedDevice {
  readonly counts: DeviceCounts = { sent: 0, acknowledged: 0, resent: 0, reconnects: 0 };
  readonly #options: SimulatedDeviceOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #watchers = new Set<() => void>();
  readonly #leaving = new AbortController();
  #client: MqttClient | undefined;
  #failure: HearthError | undefined;

  constructor(options: SimulatedDeviceOptions) {
    this.#options = options;
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
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    const told = client.publishAsync(this.#topic('status'), status('offline'), retained);
    await Promise.race([told.catch(() => undefined), pause(this.#options.clock, farewellMs)]);
    await client.endAsync(this.#pending.size > 0);
  }

  #open(): Promise<void> {
    const client = connect(this.#connection());
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
      will: { topic: this.#topic('status'), payload: Buffer.from(status('offline')), ...retained },
    };
  }

  #arrived(client: MqttClient): void {
    this.#client = client;
    client.publish(this.#topic('status'), status('online'), retained);
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
    client.publish(this.#topic('telemetry'), payload, { qos: 1 }, (error) => {
      if (!error) this.#acknowledged(sequence);
    });
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

  #topic(kind: 'telemetry' | 'status'): string {
    return `devices/${this.id}/${kind}`;
  }
}

const retained = { qos: 1, retain: true } as const;
const status = (state: 'online' | 'offline'): string => JSON.stringify({ status: state });

/** TLS that failed for who someone is: an alert from the hub, or a hub of another authority. */
const distrust = /^(ERR_SSL_.*ALERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_)/;
/** CONNACK return codes that are about who we are [MQTT-3.2.2-6]. */
const refusals: readonly unknown[] = [2, 4, 5];

/** Whether the hub said no, for which trying again is no cure, or nobody was there. */
function refusal(id: string, cause: unknown): HearthError {
  const code = typeof cause === 'object' && cause && 'code' in cause ? cause.code : undefined;
  if (refusals.includes(code) || distrust.test(String(code))) {
    return new HearthError('unauthenticated', `the hub refuses ${id}: ${messageOf(cause)}`, {
      hint: `hearth denials list says why; hearth device show ${id} shows its state.`,
      cause,
    });
  }
  const why = cause === undefined ? 'the connection was closed' : messageOf(cause);
  return new HearthError('unavailable', `${id} cannot reach the hub: ${why}`, {
    hint: 'hearth status shows whether the hub runs and where it listens.',
    retryable: true,
    cause,
  });
}
