import { createInterface } from 'node:readline';
import { HearthError } from '#kernel';
import {
  type DialectName,
  type Ground,
  type Member,
  runFleet,
  runInteractive,
  runReplay,
  type Summary,
  spanOf,
} from '#sim';
import { type Hub, withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';
import { mqttsPort } from './mqtts-port.ts';
import { ProgressBar } from './progress.ts';
import { prepareDevices, removeSimulated } from './simulated-devices.ts';
import {
  membersOf,
  planSimulation,
  requireOneKind,
  type SimulateOptions,
  type SimulationPlan,
} from './simulation-plan.ts';
import { list } from './table.ts';

/** Of the hub's limit for one device, the share a replay takes: the rest is for the device itself. */
const shareOfLimit = 0.5;
const dayMs = 86_400_000;

/** Connects simulated devices to the running hub, and says at the end how it went. */
export async function simulate(at: Invocation, options: SimulateOptions): Promise<void> {
  requireOneKind(options);
  if (options.remove) return removeSimulated(at, options);
  const nowMs = at.around.clock.nowMs();
  const plan = planSimulation(options, nowMs);
  const { dialect = 'native' } = options;
  const seed = options.seed ?? String(nowMs);
  const summary = await withHub(
    at,
    async (hub) => perform(at, await groundOf(at, hub, plan, dialect), plan, seed),
    { running: true },
  );
  at.answer({ ...summary, seed }, () => list({ ...words(summary), seed }));
  sayWhatNext(at, membersOf(plan));
  const missing = summary.sent - summary.acknowledged;
  if (missing === 0 && summary.refused.length === 0) return;
  throw new HearthError('unavailable', summary.refused[0] ?? `${missing} were not acknowledged`, {
    hint: 'hearth logs and hearth denials list may say why.',
  });
}

const groundOf = async (
  at: Invocation,
  hub: Hub,
  plan: SimulationPlan,
  dialect: DialectName,
): Promise<Ground> => ({
  hub: { host: 'localhost', port: await mqttsPort(hub, at) },
  clock: at.around.clock,
  dialect,
  keyring: await prepareDevices(at, hub, membersOf(plan)),
});

async function perform(
  at: Invocation,
  ground: Ground,
  plan: SimulationPlan,
  seed: string,
): Promise<Summary> {
  if (plan.kind === 'interactive') return steer(at, plan, ground, seed);

  const stop = interrupted(at.around.signals, () => at.around.exit(130));
  const bar = new ProgressBar(at.around.errors);
  const onProgress = bar.show.bind(bar);
  try {
    if (plan.kind === 'fleet') {
      return await runFleet({ ...plan, seed }, ground, stop.signal, onProgress);
    }
    const file = at.path(plan.file);
    const config = at.config();
    await warnOfOldRows(at, { ...plan, file }, config['telemetry.retention_days']);
    const mostPerSecond = config['limits.messages_per_second'] * shareOfLimit;
    const replay = { ...plan, file, mostPerSecond, seed };
    return await runReplay(replay, ground, stop.signal, onProgress);
  } finally {
    bar.clear();
    stop.forget();
  }
}

/** What the run left behind, where to look at it and how to be rid of it. */
function sayWhatNext(at: Invocation, members: readonly Member[]): void {
  const [first] = members;
  if (first === undefined) return;
  const { id } = first;
  const which =
    members.length === 1
      ? `The simulated device ${id} stays`
      : `The ${members.length} simulated devices stay, as ${id} and so on`;
  at.note('');
  at.note(`${which}: on the dashboard, and in hearth device list.`);
  at.note(`To see readings: hearth query ${id}`);
  at.note('To remove every simulated device: hearth simulate --remove');
}

async function steer(
  at: Invocation,
  plan: Extract<SimulationPlan, { kind: 'interactive' }>,
  ground: Ground,
  seed: string,
): Promise<Summary> {
  const { input, errors } = at.around;
  const prompt = createInterface({ input, output: errors, terminal: errors.isTTY === true });
  // Listens from now on, or lines typed while the device connects would be lost.
  const lines = prompt[Symbol.asyncIterator]();
  const say = (text: string) => errors.write(`${text}\n`);
  try {
    return await runInteractive({ ...plan, seed, lines, say }, ground);
  } finally {
    prompt.close();
  }
}

async function warnOfOldRows(
  at: Invocation,
  plan: Extract<SimulationPlan, { kind: 'replay' }>,
  retentionDays: number,
): Promise<void> {
  const span = await spanOf(plan.file);
  const nowMs = at.around.clock.nowMs();
  const firstMs = plan.startMs ?? nowMs - (span.lastMs - span.firstMs);
  if (firstMs >= nowMs - retentionDays * dayMs) return;
  at.note(
    `Rows older than ${retentionDays} days come too late: the hub sets them aside (hearth quarantine list).`,
  );
}

const words = (summary: Summary): Record<string, unknown> => ({
  devices: summary.devices,
  sent: summary.sent,
  acknowledged: summary.acknowledged,
  resent: summary.resent,
  reconnects: summary.reconnects,
  seconds: summary.seconds,
  'messages a second': summary.messages_per_second,
  'acknowledged within': latency(summary),
  ...(summary.refused.length === 0 ? {} : { refused: summary.refused }),
});

const latency = ({ ack_p50_ms, ack_p99_ms }: Summary): string =>
  ack_p50_ms === null ? '' : `${ack_p50_ms} ms (half), ${ack_p99_ms} ms (99 %)`;
