import { withAction } from './actions.ts';
import {
  type Condition,
  firstCondition,
  nextCondition,
  type Profile,
  readingOf,
  type Value,
  withSetting,
} from './profile.ts';
import type { Random } from './random.ts';
import { messageOfReading } from './reading.ts';
import { isRecord } from './record.ts';

/** The thing behind the connection: what it is like at the moment, and what it would report. */
export class Appliance {
  readonly #profile: Profile;
  readonly #random: Random;
  readonly #nowMs: () => number;
  #condition: Condition;
  #timestampMs = 0;
  #configVersion = 0;
  #config: Readonly<Record<string, unknown>> = {};

  constructor(profile: Profile, random: Random, nowMs: () => number) {
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

  /** What it measures and what is set on it. */
  get reading(): Readonly<Record<string, Value>> {
    return readingOf(this.#profile, this.#condition);
  }

  /** What is set on it, as it reports it: a fan that is off runs at 0, whatever it is set to. */
  get state(): Readonly<Record<string, Value>> {
    const { settings } = this.#condition;
    const { reading } = this;
    return Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, reading[name] ?? value]),
    );
  }

  /** 0 before it has any. */
  get configVersion(): number {
    return this.#configVersion;
  }

  get config(): Readonly<Record<string, unknown>> {
    return this.#config;
  }

  /** The next message of telemetry. Readings are told apart by their time: never the same one twice. */
  nextMessage(): string {
    this.#timestampMs = Math.max(this.#nowMs(), this.#timestampMs + 1);
    const message = messageOfReading(this.#timestampMs, this.reading);
    this.#condition = nextCondition(this.#profile, this.#condition, this.#random);
    return message;
  }

  /** Sets `name` to what a person typed. @returns what is wrong with it, in words. */
  set(name: string, text: string): string | undefined {
    return this.#become(withSetting(this.#profile, this.#condition, name, text));
  }

  /** What is wrong with an action and its value for this kind of device, in words. */
  problemOf(action: string, value: unknown): string | undefined {
    const changed = withAction(this.#profile, this.#condition, action, value);
    return 'problem' in changed ? changed.problem : undefined;
  }

  /** Does what a command says. @returns what is wrong with it, in words. */
  perform(action: string, value: unknown): string | undefined {
    const problem = this.#become(withAction(this.#profile, this.#condition, action, value));
    if (problem === undefined && action === 'setConfig' && isRecord(value)) this.#config = value;
    return problem;
  }

  configure(version: number, config: Readonly<Record<string, unknown>>): void {
    this.#configVersion = version;
    this.#config = config;
  }

  #become(changed: Condition | { readonly problem: string }): string | undefined {
    if ('problem' in changed) return changed.problem;
    this.#condition = changed;
    return undefined;
  }
}
