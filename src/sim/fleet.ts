import { messageOf } from '#kernel';
import type { Behaviour } from './behaviour.ts';
import { eachOf, type Ground, join } from './crew.ts';
import type { SimulatedDevice } from './device.ts';
import { LatencyHistogram } from './latency.ts';
import { pause } from './pause.ts';
import type { Member } from './presets.ts';
import { profiles } from './profiles.ts';
import { type Random, seededRandom } from './random.ts';
import { type OnProgress, type Summary, summarise, total } from './summary.ts';

export interface FleetPlan {
  readonly members: readonly Member[];
  readonly durationMs: number;
  /** Messages a second of each device; without it each keeps the pace of its kind. */
  readonly ratePerSecond?: number;
  /** Of a hundred messages, how many take the connection down with them. */
  readonly lossPercent: number;
  readonly seed: string;
  /** How every device takes commands; `obey` by default. */
  readonly behaviour?: Behaviour;
}

/** How long a finished run waits for what is not acknowledged yet. */
const drainMs = 30_000;
const progressEveryMs = 250;

/**
 * Runs the devices until the time is over or `signal` is aborted, then waits for what is not yet
 * acknowledged. A device that the hub turns away on the way is named in the summary.
 * @throws HearthError when a device cannot connect in the first place.
 */
export async function runFleet(
  plan: FleetPlan,
  ground: Ground,
  signal: AbortSignal,
  onProgress: OnProgress = () => undefined,
): Promise<Summary> {
  const { clock } = ground;
  const latency = new LatencyHistogram();
  const devices: SimulatedDevice[] = [];
  const refused: string[] = [];
  try {
    const crew = await eachOf(plan.members, async (member) => {
      const random = seededRandom(`${plan.seed} ${member.id}`);
      const device = await join(member, ground, {
        random,
        latency,
        profile: profiles[member.profile],
        ...(plan.behaviour && { behaviour: plan.behaviour }),
      });
      devices.push(device);
      return { member, random, device };
    });

    const startMs = clock.monotonicMs();
    const elapsedMs = () => clock.monotonicMs() - startMs;
    const report = () =>
      onProgress({
        share: Math.min(1, elapsedMs() / plan.durationMs),
        sent: total(devices, 'sent'),
        acknowledged: total(devices, 'acknowledged'),
      });
    const stopReporting = clock.every(progressEveryMs, report);
    const over = new AbortController();
    const cancelEnd = clock.after(plan.durationMs, () => over.abort());
    const end = AbortSignal.any([signal, over.signal]);
    await Promise.all(
      crew.map(({ member, random, device }) =>
        live(device, member, random, plan, ground, end).catch((error) => {
          refused.push(messageOf(error));
        }),
      ),
    );
    cancelEnd();
    stopReporting();
    report();
    return summarise(devices, latency, elapsedMs(), refused);
  } finally {
    await Promise.all(devices.map((device) => device.close()));
  }
}

/** One device's life in a run: a reading when one is due, an accident now and then, until `end`. */
async function live(
  device: SimulatedDevice,
  member: Member,
  random: Random,
  plan: FleetPlan,
  { clock }: Ground,
  end: AbortSignal,
): Promise<void> {
  const usualMs = profiles[member.profile].everyMs;
  const everyMs = plan.ratePerSecond === undefined ? usualMs : 1000 / plan.ratePerSecond;
  const startMs = clock.monotonicMs();
  for (let dueMs = startMs; ; dueMs += everyMs) {
    await pause(clock, dueMs - clock.monotonicMs(), end);
    if (end.aborted) break;
    const room = device.report(end);
    if (random() * 100 < plan.lossPercent) device.cut();
    await room;
  }
  await device.drained(AbortSignal.timeout(drainMs));
}
