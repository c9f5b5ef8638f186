import type { Cancel, Clock } from '#kernel';
import type { Appliance } from './appliance.ts';
import type { Behaviour } from './behaviour.ts';
import { CommandMemory } from './command-memory.ts';
import type { Answer, WireCommand } from './dialect.ts';
import { configId, judgeCommand, judgeConfig, type Law } from './judge.ts';

export interface DeskOptions {
  readonly law: Law;
  readonly appliance: Appliance;
  readonly clock: Clock;
  /** Sends an answer to the hub; one that cannot be sent is lost, as the hub asks again. */
  readonly answer: (answer: Answer) => void;
  /** Sends the state of the device, without being asked. */
  readonly report: () => void;
  /** Hears that a configuration was taken on. */
  readonly onConfigured: () => void;
  /** Hears a sentence about everything the device is told. */
  readonly onTold?: ((sentence: string) => void) | undefined;
}

interface Order {
  readonly id: string;
  /** For people. */
  readonly words: string;
  readonly execute: () => void;
}

/** Where a device takes commands: judged as its firmware would, then done as it behaves. */
export class CommandDesk {
  readonly memory = new CommandMemory();
  behaviour: Behaviour = { kind: 'obey' };
  readonly #options: DeskOptions;
  readonly #waiting = new Set<Cancel>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Takes what came on the command topic. */
  command(payload: Buffer): void {
    if (this.#ignores('a command')) return;
    const { law, appliance, clock } = this.#options;
    const verdict = judgeCommand(payload, law, this.memory, clock.nowMs(), (action, value) =>
      appliance.problemOf(action, value),
    );
    switch (verdict.kind) {
      case 'refuse':
        this.#refuse('a command', verdict.reason, verdict.id);
        break;
      case 'under way':
        this.#tell(`${verdict.id} again: being done`);
        break;
      case 'again':
        this.#tell(`${verdict.id} again: done before`);
        this.#acknowledge({ id: verdict.id, ok: true, state: appliance.state });
        break;
      case 'execute':
        this.#take(this.#orderOf(verdict.command));
    }
  }

  /** Takes what came on the configuration topic. */
  config(payload: Buffer): void {
    if (this.#ignores('a configuration')) return;
    const { law, appliance, onConfigured } = this.#options;
    const verdict = judgeConfig(payload, law, appliance.configVersion);
    if (verdict.kind === 'refuse') {
      this.#refuse('a configuration', verdict.reason, verdict.id);
      return;
    }
    const { version, config } = verdict;
    const execute = () => {
      appliance.configure(version, config);
      onConfigured();
    };
    this.#take({ id: configId(version), words: `configuration ${version}`, execute });
  }

  /** Drops what is still to be done, as a device that loses its power does. */
  stop(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }

  #orderOf({ id, action, value }: WireCommand): Order {
    const words = value === null ? action : `${action} ${JSON.stringify(value)}`;
    const execute = () => {
      this.#options.appliance.perform(action, value);
      this.memory.executed(id);
    };
    return { id, words, execute };
  }

  #take(order: Order): void {
    const { behaviour } = this;
    switch (behaviour.kind) {
      case 'nack':
        this.#refuse(order.words, 'told to refuse', order.id);
        break;
      case 'lie':
        this.#tell(`${order.words}: acknowledged, not done`);
        this.#acknowledge({ id: order.id, ok: true });
        break;
      case 'delay':
        this.#later(order, behaviour.delayMs);
        break;
      default:
        this.#execute(order);
    }
  }

  #later(order: Order, delayMs: number): void {
    this.memory.begin(order.id);
    this.#tell(`${order.words}: in ${delayMs} ms`);
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#waiting.delete(cancel);
      this.#execute(order);
    });
    this.#waiting.add(cancel);
  }

  #execute({ id, words, execute }: Order): void {
    this.memory.end(id);
    execute();
    this.#tell(`${words}: done`);
    this.#acknowledge({ id, ok: true, state: this.#options.appliance.state });
    this.#options.report();
  }

  #refuse(words: string, reason: string, id: string | undefined): void {
    this.memory.refuse(id === undefined ? { reason } : { id, reason });
    this.#tell(`${words}: refused, ${reason}`);
    if (id !== undefined) this.#acknowledge({ id, ok: false, message: reason });
  }

  #acknowledge(answer: Answer): void {
    if (this.behaviour.kind !== 'silent') this.#options.answer(answer);
  }

  #ignores(what: string): boolean {
    if (this.behaviour.kind !== 'ignore') return false;
    this.#tell(`${what}: ignored`);
    return true;
  }

  #tell(sentence: string): void {
    this.#options.onTold?.(sentence);
  }
}
