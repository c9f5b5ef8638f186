import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Subscriptions } from '../../src/mqtt/routing/subscriptions.ts';
import type { Qos } from '../../src/mqtt/wire/packets.ts';
import { checkFilter, checkTopicName, matchesFilter } from '../../src/mqtt/wire/topics.ts';

const level = fc.constantFrom('a', 'b', '', '$SYS');
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');

describe('filters', () => {
  // The examples of MQTT 3.1.1 §4.7.
  it.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'a/b', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/monitor', false],
    ['+/monitor', '$SYS/monitor', false],
    ['$SYS/#', '$SYS/monitor', true],
    ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
    ['ACCOUNTS', 'Accounts', false],
  ])('%s covers %s: %s', (filter, topic, expected) => {
    expect(matchesFilter(filter, topic)).toBe(expected);
  });

  it.each(['', 'a#', 'a/#/b', '#/a', 'a+', '+a', 'a/b+/c', Array(102).join('a/')])(
    'refuses the filter "%s"',
    (filter) => {
      expect(() => checkFilter(filter)).toThrow();
    },
  );

  it.each(['#', '+', 'a/#', '+/+', '/', 'a//b', '/+/#'])('allows the filter "%s"', (filter) => {
    expect(() => checkFilter(filter)).not.toThrow();
  });

  it.each(['', 'a/+', '#', 'a+b'])('refuses the topic name "%s"', (topic) => {
    expect(() => checkTopicName(topic)).toThrow();
  });
});

describe('subscriptions', () => {
  it('are found as each filter alone would be, with the highest QoS of a client', () => {
    const subscription = fc.record({
      who: fc.nat(3),
      filter: filters,
      qos: fc.constantFrom<Qos>(0, 1, 2),
    });
    const change = fc.record({ remove: fc.boolean(), subscription });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), topics, (changes, topic) => {
        const people = [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }];
        const tree = new Subscriptions<{ id: number }>();
        const model = new Map<string, { who: number; filter: string; qos: Qos }>();
        for (const { remove, subscription: one } of changes) {
          const person = people[one.who] as { id: number };
          const key = `${one.who} ${one.filter}`;
          if (remove) {
            tree.remove(person, one.filter);
            model.delete(key);
          } else {
            tree.add(person, one.filter, one.qos);
            model.set(key, one);
          }
          tree.match(topic);
        }
        const expected = new Map<number, Qos>();
        for (const { who, filter, qos } of model.values()) {
          if (!matchesFilter(filter, topic)) continue;
          expected.set(who, Math.max(expected.get(who) ?? 0, qos) as Qos);
        }
        const found = new Map([...tree.match(topic)].map(([person, qos]) => [person.id, qos]));
        expect(found).toEqual(expected);
        expect(tree.count).toBe(model.size);
      }),
    );
  });

  it('raise the epoch with every change, so that remembered answers are asked again', () => {
    const tree = new Subscriptions<object>();
    const someone = {};
    const epochs = [tree.epoch];
    tree.add(someone, 'a/+', 1);
    epochs.push(tree.epoch);
    tree.removeAll(someone);
    epochs.push(tree.epoch);
    expect(new Set(epochs).size).toBe(3);
    expect(tree.match('a/b').size).toBe(0);
  });
});
