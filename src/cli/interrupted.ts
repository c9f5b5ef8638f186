import type { Surroundings } from './surroundings.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Gives the signals back to whoever had them. */
  forget(): void;
}

/** Turns the signals that ask a process to end into one AbortSignal; `onSecond` hears the next one. */
export function interrupted(signals: Surroundings['signals'], onSecond?: () => void): Interruption {
  const stop = new AbortController();
  const listener = () => {
    if (stop.signal.aborted) onSecond?.();
    stop.abort();
  };
  for (const name of names) signals.on(name, listener);
  return {
    signal: stop.signal,
    forget: () => {
      for (const name of names) signals.off(name, listener);
    },
  };
}
