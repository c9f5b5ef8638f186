import { type Clock, messageOf, type Part } from '#kernel';
import { Health, type Probe } from './health.ts';
import type { LogRing } from './log-ring.ts';
import { Metrics, type Numbers } from './metrics.ts';

export interface OpsOptions {
  readonly version: string;
  readonly clock: Clock;
  readonly logs: LogRing;
  /** How each part is asked whether it is well. */
  readonly probes: readonly Probe[];
  /** Numbers of each part, by the part's name, for Prometheus. */
  readonly numbers: Readonly<Record<string, Numbers>>;
  /** What each part adds to `GET /status`, by the name it stands under. */
  readonly sections: Readonly<Record<string, () => unknown>>;
}

/** What tells its owner how the hub does: health, metrics, status, log. */
export class Ops implements Part {
  readonly name = 'ops';
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logs: LogRing;
  readonly #options: OpsOptions;
  #startedMs: number;
  #startedMonotonicMs: number;

  constructor(options: OpsOptions) {
    this.#options = options;
    this.health = new Health(options.probes, options.clock);
    this.metrics = new Metrics(options.numbers);
    this.logs = options.logs;
    this.#startedMs = options.clock.nowMs();
    this.#startedMonotonicMs = options.clock.monotonicMs();
  }

  async start(): Promise<void> {
    this.#startedMs = this.#options.clock.nowMs();
    this.#startedMonotonicMs = this.#options.clock.monotonicMs();
    this.metrics.start();
  }

  async stop(): Promise<void> {
    this.metrics.stop();
  }

  /** The whole hub on one page. A part that fails to answer shows its error in its own section. */
  async status(): Promise<Record<string, unknown>> {
    const { version, clock, sections } = this.#options;
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const health = await this.health.report();
    const answers = await Promise.all(
      Object.entries(sections).map(async ([name, read]) => [name, await answerOf(read)] as const),
    );
    return {
      version,
      started_at: new Date(this.#startedMs).toISOString(),
      uptime_seconds: Math.floor((clock.monotonicMs() - this.#startedMonotonicMs) / 1000),
      health: health.status,
      services: health.services,
      memory: {
        resident_bytes: rss,
        heap_used_bytes: heapUsed,
        heap_total_bytes: heapTotal,
        external_bytes: external,
      },
      ...Object.fromEntries(answers),
    };
  }
}

async function answerOf(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    return { error: messageOf(error) };
  }
}
