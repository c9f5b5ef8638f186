import type { Telemetry } from '#telemetry';
import type { Model, Sent } from '../telemetry/model.ts';

/** What a process that will die is told to do. */
export type Order =
  | { readonly verb: 'store'; readonly deviceId: string; readonly body: unknown }
  | { readonly verb: 'seal' }
  | { readonly verb: 'compact' }
  | { readonly verb: 'erase'; readonly what: Erased }
  | { readonly verb: 'forget'; readonly deviceId: string }
  /** Keeps the raw readings of a device for so many days. */
  | { readonly verb: 'rule'; readonly deviceId: string; readonly days: number }
  /** Lets so many days pass, and housekeeping be done. */
  | { readonly verb: 'later'; readonly days: number };

interface Erased {
  readonly deviceId: string;
  readonly metrics?: readonly string[];
  readonly startUs: number;
  readonly endUs: number;
}

/** How telemetry is set up here: times of the past are taken, and nothing goes by its age. */
export const killConfig = {
  'home.time_zone': 'Europe/Berlin',
  'telemetry.retention_days': 3650,
  'limits.messages_per_second': 1e6,
};

/** What they are, for the rules of retention. */
export const devicesOf = ['plug', 'fan', 'lamp'].map((id) => ({ id, type: 'plug', room: null }));

/** Keeps the raw readings of a device for so many days. */
export const keepRaw = ({ retention }: Telemetry, deviceId: string, days: number): void => {
  const rule = { deviceId, type: null, metric: null, kept: { raw: days } };
  retention.put(rule, { actor: 'local', origin: '' });
};

/** A course of events: some before, and those in the middle of which the process dies. */
export interface Scenario {
  readonly name: string;
  readonly before: readonly (Order | Sent)[];
  readonly deadly: readonly (Order | Sent)[];
  /** The device whose raw readings may be gone afterwards, or be there still. */
  readonly mayLack?: string;
  /** Changes the model by what the deadly part does to history beside storing readings. */
  readonly changeModel?: (model: Model) => void;
}

const hourUs = 3600e6;
const dayUs = 24 * hourUs;
/** Wednesday noon. */
const startUs = Date.UTC(2026, 0, 28, 12) * 1000;

const at = (metric: string, timeUs: number, value: Sent['value'], device = 'plug'): Sent => ({
  device,
  metric,
  timeUs,
  value,
});

/** Three days of a counter, a switch and a text. */
const threeDays: readonly Sent[] = Array.from({ length: 36 }, (_, n) => [
  at('energy', startUs + n * 2 * hourUs, n * 1.5),
  at('on', startUs + n * 2 * hourUs + 30e6, n % 3 === 0),
  at('mode', startUs + n * 2 * hourUs + 45e6, `mode ${n % 4}`, 'fan'),
]).flat();

/** What comes late, to several of the days, and what comes twice, the second time with another value. */
const late: readonly Sent[] = [
  ...[1, 25, 49].map((hours) => at('energy', startUs + hours * hourUs, 1000 + hours)),
  ...[0, 24, 48].map((hours) => at('energy', startUs + hours * hourUs, -1 - hours)),
  at('mode', startUs + 3 * dayUs + 60e6, 'new', 'fan'),
  at('level', startUs + 2 * dayUs, 7, 'lamp'),
];

const seal: Order = { verb: 'seal' };
const compact: Order = { verb: 'compact' };
const erased: Erased = {
  deviceId: 'plug',
  metrics: ['energy'],
  startUs: startUs + 5 * hourUs,
  endUs: startUs + 51 * hourUs,
};
const erase: Order = { verb: 'erase', what: erased };

/** By what the names of fault points begin with. */
export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  seal: [
    { name: 'the first time', before: [], deadly: [...threeDays, ...late, seal] },
    { name: 'beside others', before: [...threeDays, seal], deadly: [...late, seal] },
    {
      name: 'on top of days',
      before: [...threeDays, compact, ...late.slice(0, 3)],
      deadly: [...late.slice(3), seal],
    },
  ],
  compaction: [
    { name: 'the first time', before: [], deadly: [...threeDays, seal, ...late, compact] },
    {
      name: 'into days that there are',
      before: [...threeDays, compact],
      deadly: [...late, compact],
    },
    {
      name: 'for the third time',
      before: [...threeDays, compact, ...late, compact],
      deadly: [...threeDays.slice(5, 40), compact],
    },
  ],
  retention: [
    {
      name: 'of one device among others',
      before: [...threeDays, ...late, compact, { verb: 'rule', deviceId: 'fan', days: 1 }],
      deadly: [{ verb: 'later', days: 5 }],
      mayLack: 'fan',
    },
  ],
  erasure: [
    {
      name: 'of a time',
      before: [...threeDays, compact],
      deadly: [...late, erase],
      changeModel: (model) =>
        model.erase(erased.deviceId, erased.metrics, erased.startUs, erased.endUs),
    },
    {
      name: 'of a removed device',
      before: [...threeDays, ...late.slice(0, 4), compact, ...late.slice(4), seal],
      deadly: [at('energy', startUs + dayUs, 5), { verb: 'forget', deviceId: 'plug' }],
      changeModel: (model) => model.erase('plug', undefined, 0, Number.MAX_SAFE_INTEGER),
    },
  ],
};
