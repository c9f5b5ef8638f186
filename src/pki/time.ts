/** No clock that is right reads earlier than this Hearth was written. */
const hearthWrittenMs = Date.UTC(2026, 0, 1);

/**
 * The time to date a certificate with. A hub without a battery-backed clock may boot in 1970 and,
 * with the internet cable out, stay there: what such a clock dates has expired before anyone sees
 * it. So a clock that reads earlier than this Hearth was written is not asked; the latest of the
 * moments in `passedMs`, which certainly have passed, stands in for it. A clock that reads later is
 * believed, and those moments are not: one certificate dated by a clock that ran ahead must not
 * date all that follow.
 */
export const believableNowMs = (nowMs: number, passedMs: readonly number[]): number =>
  nowMs >= hearthWrittenMs ? nowMs : Math.max(hearthWrittenMs, ...passedMs);

export const dayMs = 86_400_000;
export const yearMs = 365.25 * dayMs;

/** What a certificate is valid for. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * A validity of `durationMs` in all, begun a day ago for the sake of clocks that run late, and cut
 * to that of the issuer, beyond which no verifier would follow it anyway (RFC 5280 §6.1.3).
 */
export function validityFrom(nowMs: number, durationMs: number, issuer?: Validity): Validity {
  const notBeforeMs = nowMs - dayMs;
  return {
    notBeforeMs: Math.max(notBeforeMs, issuer?.notBeforeMs ?? notBeforeMs),
    notAfterMs: Math.min(notBeforeMs + durationMs, issuer?.notAfterMs ?? Number.MAX_SAFE_INTEGER),
  };
}
