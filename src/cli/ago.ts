const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** `5 s`, `3 min`, `2 h`, `12 d`: in the largest unit that there is one of, rounded down. */
export function durationWords(durationMs: number): string {
  const [name, size] = units.find(([, unit]) => durationMs >= unit) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(durationMs / size))} ${name}`;
}

/** How long ago an ISO time was, for a person: `5 s ago`; nothing for what never was. */
export function ago(iso: string | null | undefined, nowMs: number): string {
  const timeMs = Date.parse(iso ?? '');
  return Number.isNaN(timeMs) ? '' : `${durationWords(nowMs - timeMs)} ago`;
}
