import { type Ground, join } from './crew.ts';
import type { SimulatedDevice } from './device.ts';
import { LatencyHistogram } from './latency.ts';
import { type Order, orderHelp, parseOrder } from './orders.ts';
import type { Member } from './presets.ts';
import {
  type Condition,
  firstCondition,
  nextCondition,
  type Profile,
  readingOf,
  withSetting,
} from './profile.ts';
import { profiles } from './profiles.ts';
import { type Random, seededRandom } from './random.ts';
import { messageOfReading } from './reading.ts';
import { type Summary, summarise } from './summary.ts';

export interface SteeringPlan {
  readonly member: Member;
  /** How often a reading is sent without being asked, in milliseconds. */
  readonly everyMs: number;
  readonly seed: string;
  /** Lines of orders; the end of them is `quit`. */
  readonly lines: AsyncIterable<string>;
  readonly say: (text: string) => void;
}

/** How long leaving waits for the last acknowledgments. */
const drainMs = 3000;

/** One device that a person steers, line by line, until they quit. */
export async function runInteractive(plan: SteeringPlan, ground: Ground): Promise<Summary> {
  const { clock } = ground;
  const latency = new LatencyHistogram();
  const random = seededRandom(`${plan.seed} ${plan.member.id}`);
  const device = await join(plan.member, ground, { random, latency });
  const steered = new Steered(device, profiles[plan.member.profile], random, () => clock.nowMs());
  const beginMs = clock.monotonicMs();
  const stopSending = clock.every(plan.everyMs, () => void steered.send().catch(() => undefined));
  try {
    plan.say(`${device.id} is connected. help lists what you can tell it.`);
    for await (const line of plan.lines) {
      if (line.trim() === '') continue;
      const order = parseOrder(line, steered.powerSetting);
      if (order.kind === 'quit') break;
      plan.say(await steered.obey(order));
    }
    await device.drained(AbortSignal.timeout(drainMs));
    return summarise([device], latency, clock.monotonicMs() - beginMs);
  } finally {
    stopSending();
    await device.close();
  }
}

/** A device and what it is like at the moment. */
class Steered {
  readonly #device: SimulatedDevice;
  readonly #profile: Profile;
  readonly #random: Random;
  readonly #nowMs: () => number;
  #condition: Condition;
  #timestampMs = 0;

  constructor(device: SimulatedDevice, profile: Profile, random: Random, nowMs: () => number) {
    this.#device = device;
    this.#profile = profile;
    this.#random = random;
    this.#nowMs = nowMs;
    this.#condition = firstCondition(profile, random);
  }

  /** The first setting that is a switch. */
  get powerSetting(): string {
    const settings = Object.entries(this.#profile.settings);
    return settings.find(([, { start }]) => typeof start === 'boolean')?.[0] ?? 'power';
  }

  async send(): Promise<void> {
    this.#timestampMs = Math.max(this.#nowMs(), this.#timestampMs + 1);
    const reading = readingOf(this.#profile, this.#condition);
    this.#condition = nextCondition(this.#profile, this.#condition, this.#random);
    await this.#device.publish(messageOfReading(this.#timestampMs, reading));
  }

  /** Does what it is told and says what came of it. */
  async obey(order: Exclude<Order, { kind: 'quit' }>): Promise<string> {
    switch (order.kind) {
      case 'set':
        return this.#set(order.name, order.value);
      case 'burst':
        for (let i = 0; i < order.count; i++) await this.send();
        return `${order.count} readings sent`;
      case 'send':
        await this.send();
        return 'sent';
      case 'disconnect':
        this.#device.cut();
        return 'the connection is cut';
      case 'bad':
        await this.#device.publish('{"power": ');
        return 'a malformed message is sent; hearth quarantine list shows it';
      case 'status':
        return this.#status();
      case 'help':
        return orderHelp;
      case 'unclear':
        return order.problem;
    }
  }

  async #set(name: string, value: string): Promise<string> {
    const changed = withSetting(this.#profile, this.#condition, name, value);
    if ('problem' in changed) return changed.problem;
    this.#condition = changed;
    // A device that was told something reports it at once.
    await this.send();
    return `${name} is ${value}`;
  }

  #status(): string {
    const { sent, acknowledged, reconnects } = this.#device.counts;
    const reading = JSON.stringify(readingOf(this.#profile, this.#condition));
    const link = this.#device.connected ? 'connected' : 'disconnected';
    return `${link}, ${sent} sent, ${acknowledged} acknowledged, ${reconnects} reconnects\n${reading}`;
  }
}
