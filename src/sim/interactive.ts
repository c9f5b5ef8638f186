import type { Behaviour } from './behaviour.ts';
import { type Ground, join } from './crew.ts';
import type { SimulatedDevice } from './device.ts';
import { LatencyHistogram } from './latency.ts';
import { type Order, orderHelp, parseOrder } from './orders.ts';
import type { Member } from './presets.ts';
import { profiles } from './profiles.ts';
import { seededRandom } from './random.ts';
import { type Summary, summarise } from './summary.ts';

export interface SteeringPlan {
  readonly member: Member;
  /** How often a reading is sent without being asked, in milliseconds. */
  readonly everyMs: number;
  readonly seed: string;
  /** How the device takes commands until it is told otherwise; `obey` by default. */
  readonly behaviour?: Behaviour;
  /** Lines of orders; the end of them is `quit`. */
  readonly lines: AsyncIterable<string>;
  readonly say: (text: string) => void;
}

/** How long leaving waits for the last acknowledgments. */
const drainMs = 3000;

/** One device that a person steers, line by line, until they quit. What the hub tells it, it says. */
export async function runInteractive(plan: SteeringPlan, ground: Ground): Promise<Summary> {
  const { clock } = ground;
  const latency = new LatencyHistogram();
  const device = await join(plan.member, ground, {
    random: seededRandom(`${plan.seed} ${plan.member.id}`),
    latency,
    profile: profiles[plan.member.profile],
    onTold: (sentence) => plan.say(`the hub says ${sentence}`),
    ...(plan.behaviour && { behaviour: plan.behaviour }),
  });
  const beginMs = clock.monotonicMs();
  const stopSending = clock.every(plan.everyMs, () => void device.report().catch(() => undefined));
  try {
    plan.say(`${device.id} is connected. help lists what you can tell it.`);
    for await (const line of plan.lines) {
      if (line.trim() === '') continue;
      const order = parseOrder(line, device.appliance?.powerSetting ?? 'power');
      if (order.kind === 'quit') break;
      plan.say(await obey(device, order));
    }
    await device.drained(AbortSignal.timeout(drainMs));
    return summarise([device], latency, clock.monotonicMs() - beginMs);
  } finally {
    stopSending();
    await device.close();
  }
}

/** Has the device do what it is told, and says what came of it. */
async function obey(
  device: SimulatedDevice,
  order: Exclude<Order, { kind: 'quit' }>,
): Promise<string> {
  switch (order.kind) {
    case 'set':
      return set(device, order.name, order.value);
    case 'burst':
      for (let i = 0; i < order.count; i++) await device.report();
      return `${order.count} readings sent`;
    case 'behave':
      device.behaviour = order.behaviour;
      return `commands are taken so from now on: ${wordsOf(order.behaviour)}`;
    case 'send':
      await device.report();
      return 'sent';
    case 'disconnect':
      device.cut();
      return 'the connection is cut';
    case 'bad':
      await device.publish('{"power": ');
      return 'a malformed message is sent; hearth quarantine list shows it';
    case 'status':
      return statusOf(device);
    case 'help':
      return orderHelp;
    case 'unclear':
      return order.problem;
  }
}

async function set(device: SimulatedDevice, name: string, value: string): Promise<string> {
  const problem = device.appliance?.set(name, value);
  if (problem !== undefined) return problem;
  // A device that was told something reports it at once.
  await device.report();
  return `${name} is ${value}`;
}

function statusOf(device: SimulatedDevice): string {
  const { sent, acknowledged, reconnects } = device.counts;
  const link = device.connected ? 'connected' : 'disconnected';
  return [
    `${link}, ${sent} sent, ${acknowledged} acknowledged, ${reconnects} reconnects`,
    `commands: ${wordsOf(device.behaviour)}, ${device.executions.size} executed, ${device.refused.length} refused`,
    JSON.stringify(device.appliance?.reading),
  ].join('\n');
}

const wordsOf = (behaviour: Behaviour): string =>
  behaviour.kind === 'delay' ? `delay of ${behaviour.delayMs} ms` : behaviour.kind;
