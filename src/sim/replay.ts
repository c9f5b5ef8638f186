import { type Ground, join } from './crew.ts';
import { LatencyHistogram } from './latency.ts';
import { pause } from './pause.ts';
import type { Member } from './presets.ts';
import { seededRandom } from './random.ts';
import { messageOfReading } from './reading.ts';
import { readSeries, spanOf } from './series.ts';
import { type OnProgress, type Summary, summarise } from './summary.ts';

export interface ReplayPlan {
  readonly file: string;
  readonly member: Member;
  /** When the first row is to have happened; without it the last one happens now. */
  readonly startMs?: number;
  /** How many times faster than life; without it as fast as the hub acknowledges. */
  readonly speed?: number;
  /** Messages a second that are never exceeded, so that the hub's own limit is not. */
  readonly mostPerSecond: number;
  readonly seed: string;
}

const progressEveryMs = 250;

/** Milliseconds to add to every time of a recording. */
export const shiftMs = (
  span: { readonly firstMs: number; readonly lastMs: number },
  nowMs: number,
  startMs?: number,
): number => (startMs === undefined ? nowMs - span.lastMs : startMs - span.firstMs);

/**
 * Sends a recording as one device, every row a message at its shifted time, and ends when the last
 * one is acknowledged (or `signal` is aborted).
 */
export async function runReplay(
  plan: ReplayPlan,
  ground: Ground,
  signal: AbortSignal,
  onProgress: OnProgress = () => undefined,
): Promise<Summary> {
  const { clock } = ground;
  const span = await spanOf(plan.file);
  const shift = shiftMs(span, clock.nowMs(), plan.startMs);
  const latency = new LatencyHistogram();
  const random = seededRandom(`${plan.seed} ${plan.member.id}`);
  const device = await join(plan.member, ground, { random, latency });

  const beginMs = clock.monotonicMs();
  const { counts } = device;
  const report = () => onProgress({ share: counts.acknowledged / span.rows, ...counts });
  const stopReporting = clock.every(progressEveryMs, report);
  try {
    for await (const { timeMs, values } of readSeries(plan.file)) {
      const paceMs = (counts.sent / plan.mostPerSecond) * 1000;
      const lifeMs = plan.speed === undefined ? 0 : (timeMs - span.firstMs) / plan.speed;
      await pause(clock, beginMs + Math.max(paceMs, lifeMs) - clock.monotonicMs(), signal);
      if (signal.aborted) break;
      await device.publish(messageOfReading(timeMs + shift, values), signal);
    }
    await device.drained(signal);
    report();
    return summarise([device], latency, clock.monotonicMs() - beginMs);
  } finally {
    stopReporting();
    await device.close();
  }
}
