import { ago, durationWords } from './ago.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { bytes, list } from './table.ts';
import { lanAddress } from './welcome.ts';

/** What the page for a person needs of `GET /status`; a section that failed has none of its fields. */
interface Status {
  readonly version: string;
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly health: string;
  readonly services?: Readonly<
    Record<string, { readonly status: string; readonly detail?: string }>
  >;
  readonly addresses?: Readonly<Record<string, { readonly port: number } | null | undefined>>;
  readonly devices?: { readonly known?: number; readonly online?: number };
  readonly clock?: { readonly plausible?: boolean };
  readonly schedules?: { readonly enabled?: number };
  readonly overrides?: { readonly active?: number };
  readonly storage?: {
    readonly points?: number;
    readonly fileBytes?: number;
    readonly journalBytes?: number;
    readonly waitingPoints?: number;
    readonly newestUs?: number | null;
    readonly problem?: string;
    readonly error?: string;
    readonly incidents?: readonly Incident[];
  };
}

interface Incident {
  readonly at: string;
  readonly kind: string;
  readonly detail: string;
}

/** Incidents that fit a page; `--json` has the others. */
const mostIncidents = 5;

/** Shows how the running hub does: a page for a person, everything for a program. */
export async function status(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<Status>('/status'), { running: true });
  at.answer({ running: true, data: at.data, ...answer }, () =>
    statusPage(answer, { data: at.data, nowMs: at.around.clock.nowMs(), host: lanAddress() }),
  );
}

interface Seat {
  readonly data: string;
  readonly nowMs: number;
  /** Where others in the home reach this machine. */
  readonly host: string | undefined;
}

/** What is to happen by itself, and whether it can. */
function timeFacts({ clock, schedules, overrides }: Status): Record<string, string> {
  const { enabled = 0 } = schedules ?? {};
  const { active = 0 } = overrides ?? {};
  return {
    ...(enabled > 0 && { schedules: `${enabled} enabled` }),
    ...(active > 0 && { overrides: `${active} running` }),
    ...(clock?.plausible === false && {
      clock: 'behind the last time the hub ran: schedules wait until it is right',
    }),
  };
}

/** The page: what a homeowner asks first, then whatever is wrong. */
export function statusPage(status: Status, { data, nowMs, host = 'localhost' }: Seat): string {
  const { addresses, devices, storage, version } = status;
  const up = durationWords(status.uptime_seconds * 1000);
  const at = (name: string, text: (port: number) => string) => {
    const port = addresses?.[name]?.port;
    return port === undefined ? {} : { [headings[name] ?? name]: text(port) };
  };
  const facts = {
    hearth: `${version}, ${status.health}`,
    running: `${up}, since ${status.started_at}`,
    ...at('https', (port) => `https://${host}:${port}`),
    ...at('http', (port) => `http://localhost:${port}`),
    ...at('mqtts', (port) => `port ${port}`),
    ...at('mqtt', (port) => `port ${port}`),
    devices: `${devices?.online ?? '?'} online of ${devices?.known ?? '?'}`,
    ...timeFacts(status),
    readings: readingsOf(storage),
    'newest reading': newestOf(storage, nowMs),
    data,
  };
  const problems = problemsOf(status);
  const incidents = storage?.incidents ?? [];
  const parts = [list(facts)];
  if (problems.length > 0) parts.push(`Problems\n${list(Object.fromEntries(problems))}`);
  if (incidents.length > 0) parts.push(`Incidents\n${incidentLines(incidents, nowMs)}`);
  if (problems.length + incidents.length === 0) parts.push('No problems, no incidents.');
  return parts.join('\n\n');
}

const headings: Readonly<Record<string, string>> = {
  https: 'dashboard',
  http: 'on this machine',
  mqtts: 'MQTT (TLS)',
  mqtt: 'MQTT (plain)',
};

function readingsOf(storage: Status['storage']): string {
  const { points, fileBytes = 0, journalBytes = 0, waitingPoints = 0 } = storage ?? {};
  if (points === undefined) return 'not known';
  const waiting = waitingPoints === 0 ? '' : `, ${waitingPoints} on their way there`;
  return `${points} on disk, in ${bytes(fileBytes + journalBytes)}${waiting}`;
}

function newestOf(storage: Status['storage'], nowMs: number): string {
  const { newestUs } = storage ?? {};
  if (newestUs === undefined || newestUs === null) return 'none yet';
  const iso = new Date(newestUs / 1000).toISOString();
  return `${ago(iso, nowMs)} (${iso})`;
}

/** What is not well, by the part that is not. */
function problemsOf({ services, storage }: Status): [string, string][] {
  const unwell = Object.entries(services ?? {})
    .filter(([, service]) => service.status !== 'healthy')
    .map(([name, service]): [string, string] => [name, service.detail ?? service.status]);
  const stored = storage?.problem ?? storage?.error;
  return stored === undefined ? unwell : [...unwell, ['storage', stored]];
}

function incidentLines(incidents: readonly Incident[], nowMs: number): string {
  const newest = [...incidents].sort((a, b) => b.at.localeCompare(a.at)).slice(0, mostIncidents);
  const more = incidents.length - newest.length;
  const lines = newest.map(({ at, kind, detail }) => [
    at,
    `${kind}: ${detail} (${ago(at, nowMs)})`,
  ]);
  const shown = lines.map(([time = '', text = '']) => list({ [time]: text }));
  return [...shown, ...(more > 0 ? [`and ${more} more: hearth status --json`] : [])].join('\n');
}
