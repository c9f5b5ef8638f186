/** Why a device is as it should be: what was weighed, in words. */

import { agreement, type StateMap, type TypeDefinition } from '#devices';
import type { Entry } from './book.ts';
import type { Naming } from './names-for.ts';
import { visible, wantedState } from './plan.ts';
import type { Considered, Resolution } from './resolve.ts';
import { nameOf } from './schedule-json.ts';
import type { WhyJson } from './schema.ts';
import { type Edge, nextEdges } from './time/timetable.ts';
import type { WallClock } from './time/wall-clock.ts';
import type { OverrideWord, Word } from './types.ts';
import { edgeVerb, sayAction, sayHours, sayNear } from './words.ts';

export interface Weighed {
  readonly deviceId: string;
  readonly nowMs: number;
  readonly resolution: Resolution;
  readonly override: OverrideWord | undefined;
  readonly book: Naming;
  readonly clock: WallClock;
  readonly definition: TypeDefinition;
  readonly reported: StateMap;
  readonly isSettled: boolean;
  /** The last override gave back off, for it was not known how the device was before. */
  readonly isAssumed: boolean;
  /** What time it is, is not known. */
  readonly isClockBehind: boolean;
}

interface NextEdge extends Edge {
  readonly entry: Entry;
}

/** The answer of `GET /devices/{id}/why`. */
export function whyJson(weighed: Weighed): WhyJson {
  return weighed.isClockBehind ? unknownWhy(weighed) : knownWhy(weighed);
}

/** Before the clock is right nothing can be said of times; but an override runs all the same. */
function unknownWhy(weighed: Weighed): WhyJson {
  const { deviceId, nowMs, definition, reported, resolution, isSettled } = weighed;
  const { because, word } = resolution;
  const runs = because.kind === 'override' && word !== undefined;
  const text = "the hub's clock is behind, and what should hold is worked out once it is right";
  return {
    device_id: deviceId,
    at: new Date(nowMs).toISOString(),
    holds: runs ? sayWord(word) : null,
    because: {
      kind: runs ? because.kind : 'nothing',
      id: runs ? (because.id ?? null) : null,
      name: null,
      text: runs ? `An override runs; ${text}` : `${text[0]?.toUpperCase()}${text.slice(1)}`,
    },
    since: null,
    until: null,
    next: null,
    considered: [],
    reported,
    agrees: runs ? agreementWith(word, definition, reported) : null,
    settled: isSettled,
  };
}

function knownWhy(weighed: Weighed): WhyJson {
  const { deviceId, nowMs, resolution, override, book, definition, reported } = weighed;
  const { word, because, sinceMs, considered } = resolution;
  const edge = nextEdgeOf(book.ofDevice(deviceId), nowMs);
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const untilMs = because.kind === 'override' ? override?.endsAtMs : edge?.atMs;
  return {
    device_id: deviceId,
    at: iso(nowMs),
    holds: word === undefined ? null : sayWord(word),
    because: {
      kind: because.kind,
      id: because.id ?? null,
      name: nameOfCause(book, because.id),
      text: sayCause(weighed, edge),
    },
    since: sinceMs === undefined ? null : iso(sinceMs),
    until: untilMs === undefined ? null : iso(untilMs),
    next: sayNext(weighed, edge),
    considered: considered.map((one) => ({
      kind: one.kind,
      id: one.id,
      name: nameOfCause(book, one.id),
      text: sayConsidered(one, weighed),
      holds: one.holds,
    })),
    reported,
    agrees: word === undefined ? null : agreementWith(word, definition, reported),
    settled: weighed.isSettled,
  };
}

function agreementWith(word: Word, definition: TypeDefinition, reported: StateMap) {
  return agreement(visible(wantedState(word, definition), definition, reported), reported);
}

const sayWord = (word: Word): WhyJson['holds'] =>
  word.kind === 'state'
    ? { state: word.state }
    : { action: word.action, value: word.value ?? null };

const nameOfCause = (book: Naming, id: string | undefined): string | null => {
  const entry = id === undefined ? undefined : book.find(id);
  return entry ? nameOf(entry) : null;
};

/** The first edge of any schedule that is to come. */
function nextEdgeOf(entries: readonly Entry[], nowMs: number): NextEdge | undefined {
  let first: NextEdge | undefined;
  for (const entry of entries) {
    if (!entry.record.enabled) continue;
    const [edge] = nextEdges(entry.timetable, nowMs, 1);
    if (edge && (first === undefined || edge.atMs < first.atMs)) first = { ...edge, entry };
  }
  return first;
}

function sayCause(weighed: Weighed, edge: NextEdge | undefined): string {
  const { nowMs, clock, book, override, resolution, isAssumed } = weighed;
  const { because, sinceMs = nowMs, word } = resolution;
  const at = (atMs: number) => sayNear(atMs, nowMs, clock);
  const until = edge ? `the next edge is ${at(edge.atMs)}` : 'no edge is to come';
  const called = sayEntry(book.find(because.id ?? ''));
  switch (because.kind) {
    case 'override': {
      const ends = override ? ` and runs until ${at(override.endsAtMs)}` : '';
      return `An override began at ${at(sinceMs)}${ends}`;
    }
    case 'manual':
      return `You set it by hand at ${at(sinceMs)}; ${until}`;
    case 'restore':
      return isAssumed
        ? `An override is over; how it was before was not known, so it was turned off; ${until}`
        : `An override is over and gave back what was so at ${at(sinceMs)}; ${until}`;
    case 'schedule':
      return `${called} began at ${at(sinceMs)}`;
    case 'schedule_end':
      return word === undefined
        ? `${called} ended at ${at(sinceMs)} and left it as it is`
        : `${called} ended at ${at(sinceMs)}; its end action holds`;
    case 'schedule_once':
      return `${called} spoke at ${at(sinceMs)}; ${until}`;
    case 'nothing':
      return `Nothing says what should hold: no override, no edge within 8 days and no word by hand`;
  }
}

/** `Evening (18:00–23:00)`; only the times when they are all it is called by. */
function sayEntry(entry: Entry | undefined): string {
  if (entry === undefined) return 'A schedule';
  const { name, rule } = entry.record;
  return name === null ? nameOf(entry) : `${name} (${sayHours(rule)})`;
}

function sayNext(
  { nowMs, clock, override, resolution }: Weighed,
  edge: NextEdge | undefined,
): WhyJson['next'] {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const at = (atMs: number) => sayNear(atMs, nowMs, clock);
  if (resolution.because.kind === 'override' && override) {
    if (edge === undefined || override.endsAtMs <= edge.atMs) {
      return { at: iso(override.endsAtMs), text: `The override ends at ${at(override.endsAtMs)}` };
    }
  }
  if (edge === undefined) return null;
  return {
    at: iso(edge.atMs),
    text: `${sayEntry(edge.entry)} ${edgeVerb[edge.edge]} at ${at(edge.atMs)}`,
  };
}

function sayConsidered({ kind, id, state, atMs }: Considered, weighed: Weighed): string {
  const { nowMs, clock, book, override } = weighed;
  const at = atMs === undefined ? '' : sayNear(atMs, nowMs, clock);
  if (kind === 'override') {
    const word = override?.word;
    const what = word?.kind === 'action' ? `${sayAction(word.action, word.value)}, ` : '';
    return `Override: ${what}since ${at}`;
  }
  if (kind === 'manual') return `Set by hand at ${at}`;
  if (kind === 'restore') {
    return weighed.isAssumed
      ? `Turned off by an override: how it was at ${at} was not known`
      : `Given back by an override: as it was at ${at}`;
  }
  const entry = book.find(id);
  const said = entry ? sayAction(entry.record.action, entry.record.value) : '';
  const called = `${sayEntry(entry)}: ${said}`;
  switch (state) {
    case 'open':
      return `${called}, open since ${at}`;
    case 'ended':
      return `${called}, ended at ${at}`;
    case 'moment':
      return `${called}, spoke at ${at}`;
    case 'disabled':
      return `${called}, switched off`;
    default:
      return `${called}, ${entry?.problem ?? 'has not begun'}`;
  }
}
