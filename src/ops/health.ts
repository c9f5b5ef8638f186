import { type Clock, messageOf } from '#kernel';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** How one part of the hub is asked how it does. */
export interface Probe {
  readonly name: string;
  /** Resolves with what it found; nothing means healthy; a rejection means unhealthy. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a probe that has nothing to say returns nothing
  check(): Promise<{ readonly status: HealthStatus; readonly detail?: string } | void>;
}

export interface ServiceHealth {
  readonly status: HealthStatus;
  readonly latency_ms: number;
  readonly detail?: string;
}

export interface HealthReport {
  /** The worst of the parts. */
  readonly status: HealthStatus;
  /** ISO 8601 UTC. */
  readonly timestamp: string;
  readonly services: Readonly<Record<string, ServiceHealth>>;
}

const probeTimeoutMs = 2000;
/** `/health` is open to the LAN: however often it is asked, the parts are asked once a second. */
const freshMs = 1000;

/** Asks every part how it does. */
export class Health {
  readonly #probes: readonly Probe[];
  readonly #clock: Clock;
  #last: { readonly atMs: number; readonly report: Promise<HealthReport> } | undefined;

  constructor(probes: readonly Probe[], clock: Clock) {
    this.#probes = probes;
    this.#clock = clock;
  }

  /** Never rejects: a part that fails or does not answer within two seconds is unhealthy. */
  report(): Promise<HealthReport> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last === undefined || nowMs - this.#last.atMs >= freshMs) {
      this.#last = { atMs: nowMs, report: this.#ask() };
    }
    return this.#last.report;
  }

  async #ask(): Promise<HealthReport> {
    const answers = await Promise.all(
      this.#probes.map(async (probe) => [probe.name, await this.#check(probe)] as const),
    );
    return {
      status: worst(answers.map(([, answer]) => answer.status)),
      timestamp: new Date(this.#clock.nowMs()).toISOString(),
      services: Object.fromEntries(answers),
    };
  }

  async #check(probe: Probe): Promise<ServiceHealth> {
    const startMs = this.#clock.monotonicMs();
    const timeout = Promise.withResolvers<never>();
    const cancel = this.#clock.after(probeTimeoutMs, () =>
      timeout.reject(new Error(`no answer within ${probeTimeoutMs} ms`)),
    );
    const latencyMs = () => Math.round((this.#clock.monotonicMs() - startMs) * 100) / 100;
    try {
      const found = (await Promise.race([probe.check(), timeout.promise])) ?? { status: 'healthy' };
      return { latency_ms: latencyMs(), ...found };
    } catch (error) {
      return { status: 'unhealthy', latency_ms: latencyMs(), detail: messageOf(error) };
    } finally {
      cancel();
    }
  }
}

const worst = (statuses: readonly HealthStatus[]): HealthStatus =>
  statuses.includes('unhealthy')
    ? 'unhealthy'
    : statuses.includes('degraded')
      ? 'degraded'
      : 'healthy';
