import { agreement, type StateMap } from '#devices';
import type { CommandEvent } from './machine.ts';
import type { Live } from './roster.ts';

/** Something a device said of itself, and when the hub got it. */
export interface Report {
  readonly from: 'status' | 'reading' | 'answer';
  readonly receivedAtMs: number;
  readonly values: StateMap;
}

/**
 * What a report says of a command; `undefined` when it says nothing. What a device tells of the
 * command's properties one after the other is put together in `live.seen`.
 */
export function judge(live: Live, report: Report, nowMs: number): CommandEvent | undefined {
  const { command, expected, isOutdated } = live;
  const { from, receivedAtMs, values } = report;
  const sinceMs = command.sentAtMs ?? command.acknowledgedAtMs;
  const isTooEarly = from !== 'answer' && (sinceMs === null || receivedAtMs < sinceMs);
  if (isOutdated || isTooEarly) return undefined;
  const news = Object.entries(values).filter(([name]) => Object.hasOwn(expected, name));
  if (news.length === 0) return undefined;
  live.seen = { ...live.seen, ...Object.fromEntries(news) };
  const verdict = agreement(expected, live.seen);
  if (verdict === 'unknown') return undefined;
  const agrees = verdict === 'agrees';
  const found = agrees ? { property: '', contradiction: '' } : contradictionOf(expected, live.seen);
  return { type: 'reported', atMs: nowMs, from, receivedAtMs, agrees, ...found };
}

function contradictionOf(
  expected: StateMap,
  seen: StateMap,
): { readonly property: string; readonly contradiction: string } {
  for (const [name, value] of Object.entries(expected)) {
    const found = Object.hasOwn(seen, name) ? seen[name] : undefined;
    if (found === undefined) continue;
    if (agreement({ [name]: value }, { [name]: found }) === 'differs') {
      const contradiction = `the device reports ${name} ${shown(found)} instead of ${shown(value)}`;
      return { property: name, contradiction };
    }
  }
  return { property: '', contradiction: '' };
}

const shown = (value: unknown): string => String(value).slice(0, 60);
