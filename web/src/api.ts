import { problemOf, unreachable } from './problem.ts';
import type { Denial, Device, Latest, Person, Room, Statistics, TelemetryRow } from './wire.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request to the hub. Throws a `Problem` for every answer that is not a success. */
export function call<Answer>(method: Method, path: string, body?: object): Promise<Answer> {
  return body === undefined
    ? request(method, path)
    : request(method, path, { type: 'application/json', text: JSON.stringify(body) });
}

/** As `call`, with a body that is no JSON. */
export const sendText = <Answer>(path: string, type: string, text: string): Promise<Answer> =>
  request('POST', path, { type, text });

async function request<Answer>(
  method: Method,
  path: string,
  body?: { readonly type: string; readonly text: string },
): Promise<Answer> {
  const headers = { accept: 'application/json', ...(body && { 'content-type': body.type }) };
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { method, headers, ...(body && { body: body.text }) });
  } catch {
    throw unreachable();
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemOf(response.status, answer);
  return answer as Answer;
}

export const segment = encodeURIComponent;

export interface Setup {
  readonly needed: boolean;
  readonly home: string;
  /** Whether this hub can send mail. */
  readonly mail?: boolean;
}

export interface NewOwner {
  readonly code: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface NewDevice {
  readonly id: string;
  readonly name?: string;
  readonly type?: string;
  readonly room?: string | null;
}

export interface DeviceChanges {
  readonly name?: string;
  readonly room?: string | null;
}

/** What a device needs to connect: PEM texts. The key is there only when the hub made it. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** Where MQTT over TLS listens; null when the hub cannot say. */
  readonly mqtts_port: number | null;
  readonly key?: string;
  readonly ca: string;
  readonly serial: string;
  readonly not_after: string;
}

export interface DayStatistics {
  readonly metrics: Readonly<Record<string, Statistics>>;
  /** Energy integrated from power, in kWh; `null` when the device measures no power. */
  readonly energy_kwh: number | null;
}

export interface AskedHistory {
  readonly deviceId: string;
  readonly metric: string;
  readonly aggregates: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  /** How wide a bucket is: `10s`, `1m`, `1d`. */
  readonly interval: string;
}

interface Rows {
  readonly series: readonly { readonly data: readonly TelemetryRow[] }[];
}

/** Rows of a time, and in the same order those of the one that it is compared with. */
export type Comparison = Rows & { readonly compared?: Rows };

function bucketQuery({
  metric,
  aggregates,
  startMs,
  endMs,
  ...more
}: Omit<AskedHistory, 'deviceId'> & Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams({
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    fields: metric,
    agg: aggregates.join(','),
  });
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return String(query);
}

/** Every request the dashboard makes. */
export const api = {
  setup: () => call<Setup>('GET', '/setup'),
  createOwner: (owner: NewOwner) => call<unknown>('POST', '/setup', owner),
  logOut: () => call<unknown>('POST', '/auth/logout', {}),
  me: () => call<Person>('GET', '/auth/me'),

  rooms: async () => (await call<{ rooms: Room[] }>('GET', '/rooms')).rooms,
  addRoom: (name: string) => call<Room>('POST', '/rooms', { name }),

  addDevice: (device: NewDevice) =>
    call<{ device: Device; api_key: string }>('POST', '/devices', device),
  changeDevice: (id: string, changes: DeviceChanges) =>
    call<unknown>('PATCH', `/devices/${segment(id)}`, changes),
  issueCertificate: (id: string) =>
    call<IssuedCertificate>('POST', `/devices/${segment(id)}/certificates`, {}),
  denials: async (id: string) =>
    (await call<{ denials: Denial[] }>('GET', `/devices/${segment(id)}/denials`)).denials,

  /** The newest values, also of sensitive metrics where this person may see them. */
  latest: (id: string) => call<Latest>('GET', `/devices/${segment(id)}/telemetry/latest`),
  /** Buckets of one metric. */
  history: async ({ deviceId, ...asked }: AskedHistory) =>
    (
      await call<{ data: TelemetryRow[] }>(
        'GET',
        `/devices/${segment(deviceId)}/telemetry?${bucketQuery(asked)}`,
      )
    ).data,
  /** The same, beside that of an earlier time. @param compare `previous`, `1d`, `1w`, `1y` */
  comparison: ({ deviceId, ...asked }: AskedHistory, compare: string) =>
    call<Comparison>('GET', `/telemetry?${bucketQuery({ ...asked, devices: deviceId, compare })}`),
  statistics: (id: string, startMs: number) => {
    const query = new URLSearchParams({ start: new Date(startMs).toISOString() });
    return call<DayStatistics>('GET', `/devices/${segment(id)}/statistics?${query}`);
  },
};
