import type { Clock } from '#kernel';

/** Lets `durationMs` pass, or less when `signal` is aborted first. Never throws. */
export function pause(clock: Clock, durationMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted || durationMs <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(durationMs, done);
    signal?.addEventListener('abort', done);
  });
}
