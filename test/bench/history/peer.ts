/** A store that the same home is kept in, to be asked the same questions. */
export interface HistoryPeer {
  readonly name: string;
  /** Takes a home's past in; answers the bytes it then takes on the disk. */
  fill(startMs: number, minutes: number): Promise<number>;
  /** How long each of these took, in milliseconds: once for each run. */
  rawDay(device: string, startMs: number, runs: number): Promise<number[]>;
  daily(device: string, startMs: number, endMs: number, runs: number): Promise<number[]>;
  statistics(startMs: number, endMs: number, runs: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** How long an action took, once for each run. */
export async function timed(runs: number, action: () => unknown): Promise<number[]> {
  const timesMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const beganMs = performance.now();
    await action();
    timesMs.push(performance.now() - beganMs);
  }
  return timesMs;
}
