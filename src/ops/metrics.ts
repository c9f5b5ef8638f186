import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Numbers of one part by name, read when someone asks. Names that end in `Total` only ever grow and
 * are exposed as counters, the others as gauges: `{ clients: 3, receivedTotal: 12 }`.
 */
export type Numbers = () => object;

/** One answered HTTP request. */
export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the path as sent: a label must not grow with its callers' fantasy. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What Prometheus scrapes: the process, HTTP, and the numbers each part gives. */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #sources: Readonly<Record<string, Numbers>>;
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  constructor(sources: Readonly<Record<string, Numbers>>) {
    this.#sources = sources;
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'hearth_http_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'hearth_http_request_seconds',
      help: 'How long HTTP requests took',
      labelNames: ['method', 'route'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
  }

  /** Begins to watch the process itself (event loop, garbage collection, memory). */
  start(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: 'hearth_' });
  }

  stop(): void {
    this.#registry.clear();
  }

  observe({ method, route, status, seconds }: AnsweredRequest): void {
    this.#requests.inc({ method, route, status });
    this.#durations.observe({ method, route }, seconds);
  }

  /** The text exposition format. */
  render(): Promise<string> {
    for (const [part, numbers] of Object.entries(this.#sources)) {
      for (const [name, value] of flat(numbers())) this.#set(part, name, value);
    }
    return this.#registry.metrics();
  }

  #set(part: string, name: string, value: number): void {
    const metric = `hearth_${snake(part)}_${snake(name)}`;
    const settings = { name: metric, help: `${name} of ${part}`, registers: [this.#registry] };
    if (!metric.endsWith('_total')) {
      const gauge = this.#gauges.get(metric) ?? new Gauge(settings);
      this.#gauges.set(metric, gauge);
      gauge.set(value);
      return;
    }
    const counter = this.#counters.get(metric) ?? new Counter(settings);
    this.#counters.set(metric, counter);
    counter.reset();
    counter.inc(Math.max(0, value));
  }
}

/** `{ dropped: { slow: 1 } }` as `dropped_slow` 1; what is no number is left out. */
function flat(numbers: object, prefix = ''): [string, number][] {
  return Object.entries(numbers).flatMap(([name, value]): [string, number][] => {
    if (typeof value === 'number' && Number.isFinite(value)) return [[prefix + name, value]];
    return typeof value === 'object' && value !== null ? flat(value, `${prefix}${name}_`) : [];
  });
}

const snake = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
