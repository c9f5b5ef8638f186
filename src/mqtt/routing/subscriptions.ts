import type { Qos } from '../wire/packets.ts';

interface Level<S> {
  readonly below: Map<string, Level<S>>;
  readonly subscribers: Map<S, Qos>;
}

const newLevel = <S>(): Level<S> => ({ below: new Map(), subscribers: new Map() });
const topicsRemembered = 10_000;

/**
 * Who subscribed to what, for connected clients and stored sessions alike. `epoch` rises with every
 * change, so that whoever remembered an answer knows when to ask again.
 */
export class Subscriptions<S extends object> {
  readonly #root = newLevel<S>();
  readonly #answers = new Map<string, ReadonlyMap<S, Qos>>();
  readonly #filters = new Map<S, Map<string, Qos>>();
  #count = 0;
  epoch = 0;

  /** Subscriptions in all. */
  get count(): number {
    return this.#count;
  }

  filtersOf(subscriber: S): ReadonlyMap<string, Qos> | undefined {
    return this.#filters.get(subscriber);
  }

  /** A filter that is there already is replaced [MQTT-3.8.4-3]. */
  add(subscriber: S, filter: string, qos: Qos): void {
    let level = this.#root;
    for (const name of filter.split('/')) {
      let next = level.below.get(name);
      if (next === undefined) {
        next = newLevel();
        level.below.set(name, next);
      }
      level = next;
    }
    if (!level.subscribers.has(subscriber)) this.#count += 1;
    level.subscribers.set(subscriber, qos);
    let filters = this.#filters.get(subscriber);
    if (filters === undefined) {
      filters = new Map();
      this.#filters.set(subscriber, filters);
    }
    filters.set(filter, qos);
    this.#changed();
  }

  remove(subscriber: S, filter: string): void {
    const filters = this.#filters.get(subscriber);
    if (!filters?.delete(filter)) return;
    if (filters.size === 0) this.#filters.delete(subscriber);
    this.#removeBelow(this.#root, filter.split('/'), 0, subscriber);
    this.#count -= 1;
    this.#changed();
  }

  removeAll(subscriber: S): void {
    for (const filter of [...(this.#filters.get(subscriber)?.keys() ?? [])]) {
      this.remove(subscriber, filter);
    }
  }

  /** Who gets a message on `topic`, each with the highest QoS of its filters [MQTT-3.3.5-1]. */
  match(topic: string): ReadonlyMap<S, Qos> {
    let answer = this.#answers.get(topic);
    if (answer === undefined) {
      answer = this.#find(topic);
      if (this.#answers.size >= topicsRemembered) this.#answers.clear();
      this.#answers.set(topic, answer);
    }
    return answer;
  }

  #find(topic: string): ReadonlyMap<S, Qos> {
    const found = new Map<S, Qos>();
    const names = topic.split('/');
    const take = (level: Level<S> | undefined) => {
      for (const [subscriber, qos] of level?.subscribers ?? []) {
        if (qos >= (found.get(subscriber) ?? 0)) found.set(subscriber, qos);
      }
    };
    const descend = (level: Level<S>, depth: number): void => {
      // Wildcards in the first level do not cover topics that begin with $ [MQTT-4.7.2-1].
      const wild = depth > 0 || !topic.startsWith('$');
      // `a/#` covers `a` itself too, §4.7.1.2.
      if (wild) take(level.below.get('#'));
      if (depth === names.length) {
        take(level);
        return;
      }
      const named = level.below.get(names[depth] as string);
      if (named !== undefined) descend(named, depth + 1);
      const any = wild ? level.below.get('+') : undefined;
      if (any !== undefined) descend(any, depth + 1);
    };
    descend(this.#root, 0);
    return found;
  }

  /** Empty levels go with their last subscriber, so that the tree stays as big as its content. */
  #removeBelow(level: Level<S>, names: readonly string[], depth: number, subscriber: S): void {
    if (depth === names.length) {
      level.subscribers.delete(subscriber);
      return;
    }
    const name = names[depth] as string;
    const next = level.below.get(name);
    if (next === undefined) return;
    this.#removeBelow(next, names, depth + 1, subscriber);
    if (next.subscribers.size === 0 && next.below.size === 0) level.below.delete(name);
  }

  #changed(): void {
    this.epoch += 1;
    this.#answers.clear();
  }
}
