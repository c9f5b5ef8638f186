import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, type CommandEvent, type Policy, type Step } from '../../src/commands/machine.ts';
import { type CommandRecord, isPending } from '../../src/commands/record.ts';

const policy: Policy = { attempts: 3, intervalMs: 30_000 };

const command = (given: Partial<CommandRecord> = {}): CommandRecord => ({
  id: 'c1',
  deviceId: 'fan',
  action: 'setFanSpeed',
  value: 3,
  source: 'manual',
  requestedBy: 'local',
  batchId: null,
  createdAtMs: 0,
  expiresAtMs: 90_000,
  waits: false,
  status: 'queued',
  attempts: 0,
  published: false,
  dialect: null,
  sentAtMs: null,
  deliveredAtMs: null,
  acknowledgedAtMs: null,
  confirmedAtMs: null,
  error: null,
  agrees: false,
  unconfirmedDelivery: false,
  unproven: 0,
  contradicted: [],
  answeredAgain: false,
  ...given,
});
const sent = (given: Partial<CommandRecord> = {}): CommandRecord =>
  command({
    status: 'sent',
    attempts: 1,
    published: true,
    dialect: 'native',
    sentAtMs: 10,
    unproven: 1,
    ...given,
  });
const acknowledged = (given: Partial<CommandRecord> = {}): CommandRecord =>
  sent({ status: 'acknowledged', acknowledgedAtMs: 100, ...given });

const away = 'the device is offline';
const published = { type: 'published', dialect: 'native', qos: 1, renewsWait: false } as const;
const held = { type: 'held_back', why: away, untilReachable: true } as const;
const answered = { type: 'answered', ok: true, message: null, by: 'device:fan' } as const;
const agrees = { type: 'reported', agrees: true, contradiction: '', property: '' } as const;
const differs = {
  type: 'reported',
  agrees: false,
  contradiction: 'it does not',
  property: 'fanSpeed',
} as const;
const lostWords = 'the connection ended before the device said that it arrived';
const unprovenWords = 'the device does not say that it arrived';

interface Case {
  readonly says: string;
  readonly from: CommandRecord;
  readonly event: CommandEvent;
  /** What is other than before. */
  readonly change: Partial<CommandRecord>;
  readonly publish?: Step['publish'];
  readonly next?: Step['next'];
  readonly settled?: string;
  readonly history?: readonly string[];
  readonly isQuiet?: boolean;
  readonly isRepeat?: boolean;
}

const cases: readonly Case[] = [
  {
    says: 'a new command is published',
    from: command(),
    event: { type: 'due', atMs: 0 },
    change: {},
    publish: { attempt: 1, renewsWait: false },
    next: { afterMs: 30_000 },
  },
  {
    says: 'the wait after the last attempt ends with the life of the command',
    from: sent({ attempts: 2 }),
    event: { type: 'due', atMs: 70_000 },
    change: {},
    publish: { attempt: 3, renewsWait: false },
    next: { afterMs: 20_000 },
  },
  {
    says: 'the first publish makes it sent',
    from: command({ error: away }),
    event: { ...published, atMs: 5, attempt: 1 },
    change: {
      status: 'sent',
      attempts: 1,
      published: true,
      dialect: 'native',
      sentAtMs: 5,
      unproven: 1,
      error: null,
    },
    history: ['published'],
  },
  {
    says: 'a later publish keeps the first time and what was delivered',
    from: sent({ status: 'delivered', deliveredAtMs: 20, published: false }),
    event: { ...published, atMs: 30_000, attempt: 2, renewsWait: true },
    change: { attempts: 2, published: true },
    next: { afterMs: 30_000 },
    history: ['published'],
  },
  {
    says: 'an attempt at an offline device counts',
    from: command(),
    event: { ...held, atMs: 0, attempt: 1 },
    change: { attempts: 1, error: away },
    history: ['not published'],
  },
  {
    says: 'an attempt for a device that is waited for does not count',
    from: command({ waits: true, expiresAtMs: 600_000 }),
    event: { ...held, atMs: 0, attempt: 1 },
    change: { error: away },
    next: { atMs: 600_000 },
    history: ['not published'],
  },
  {
    says: 'a device that is waited for and busy is asked again',
    from: command({ waits: true, expiresAtMs: 600_000 }),
    event: { ...held, atMs: 0, attempt: 1, why: 'busy', untilReachable: false },
    change: { error: 'busy' },
    next: { afterMs: 30_000 },
    history: ['not published'],
  },
  {
    says: 'the same refusal again is no news',
    from: command({ attempts: 1, error: away }),
    event: { ...held, atMs: 9, attempt: 1 },
    change: {},
    history: [],
  },
  {
    says: 'on return the attempt that could not go out goes out',
    from: command({ attempts: 2, error: away }),
    event: { type: 'reachable', atMs: 45_000 },
    change: {},
    publish: { attempt: 2, renewsWait: true },
  },
  {
    says: 'on return what was waited for is the next attempt',
    from: sent({ waits: true, published: false, unproven: 0, expiresAtMs: 600_000 }),
    event: { type: 'reachable', atMs: 45_000 },
    change: {},
    publish: { attempt: 2, renewsWait: true },
  },
  {
    says: 'on return what was waited for and never arrived is the same attempt again',
    from: sent({ waits: true, attempts: 3, published: false, unproven: 3, expiresAtMs: 600_000 }),
    event: { type: 'reachable', atMs: 45_000 },
    change: { unproven: 1 },
    publish: { attempt: 3, renewsWait: true },
  },
  {
    says: 'an attempt of which no PUBACK came does not count where the device is waited for',
    from: sent({ waits: true, expiresAtMs: 600_000 }),
    event: { type: 'due', atMs: 30_010 },
    change: {},
    publish: { attempt: 1, renewsWait: false },
    next: { afterMs: 30_000 },
  },
  {
    says: 'one of which a PUBACK came does',
    from: sent({ waits: true, unproven: 0, expiresAtMs: 600_000 }),
    event: { type: 'due', atMs: 30_010 },
    change: {},
    publish: { attempt: 2, renewsWait: false },
    next: { afterMs: 30_000 },
  },
  {
    says: 'after three of them it is kept until the device is heard of',
    from: sent({ waits: true, unproven: 3, expiresAtMs: 600_000 }),
    event: { type: 'due', atMs: 90_010 },
    change: { published: false, error: unprovenWords },
    next: { atMs: 600_000 },
    history: ['held back'],
  },
  {
    says: 'and is told to be kept once',
    from: sent({ waits: true, published: false, unproven: 3, error: unprovenWords }),
    event: { type: 'due', atMs: 80_000 },
    change: {},
    next: { atMs: 90_000 },
    history: [],
  },
  {
    says: 'and ends with its time, not with its attempts',
    from: sent({ waits: true, attempts: 3, published: false, unproven: 3, error: unprovenWords }),
    event: { type: 'due', atMs: 90_000 },
    change: { status: 'expired', error: `no answer in time: ${unprovenWords}` },
    next: 'never',
    settled: 'expired hub',
    history: ['expired'],
  },
  {
    says: 'a connection that ends without PUBACK takes the attempt back',
    from: sent(),
    event: { type: 'lost', atMs: 20 },
    change: { published: false, error: lostWords },
    history: ['lost'],
  },
  {
    says: 'a connection that ends after PUBACK takes nothing back',
    from: sent({ status: 'delivered', deliveredAtMs: 15, unproven: 0 }),
    event: { type: 'lost', atMs: 20 },
    change: {},
  },
  {
    says: 'a connection that ends after the answer takes nothing back',
    from: acknowledged(),
    event: { type: 'lost', atMs: 200 },
    change: {},
  },
  {
    says: 'what was lost goes out again on return, as the same attempt',
    from: sent({ attempts: 3, published: false, error: lostWords }),
    event: { type: 'reachable', atMs: 65_000 },
    change: {},
    publish: { attempt: 3, renewsWait: true },
  },
  {
    says: 'on return what went out already does not go out again',
    from: sent(),
    event: { type: 'reachable', atMs: 20 },
    change: {},
  },
  {
    says: 'on return too late it is expired',
    from: command({ waits: true, error: away }),
    event: { type: 'reachable', atMs: 90_000 },
    change: { status: 'expired', error: `not sent before it expired: ${away}` },
    next: 'never',
    settled: 'expired hub',
    history: ['expired'],
  },
  {
    says: 'after the last attempt of a device that was never there',
    from: command({ attempts: 3, error: away }),
    event: { type: 'due', atMs: 90_000 },
    change: { status: 'timed_out', error: `not sent in 3 attempts: ${away}` },
    next: 'never',
    settled: 'timed_out hub',
    history: ['timed out'],
  },
  {
    says: 'after the last attempt of a device that does not answer',
    from: sent({ attempts: 3 }),
    event: { type: 'due', atMs: 90_000 },
    change: { status: 'timed_out', error: 'no answer after 3 attempts' },
    next: 'never',
    settled: 'timed_out hub',
    history: ['timed out'],
  },
  {
    says: 'an attempt after its time is not made',
    from: sent({ attempts: 1 }),
    event: { type: 'due', atMs: 90_000 },
    change: { status: 'expired', error: 'no answer in time' },
    next: 'never',
    settled: 'expired hub',
    history: ['expired'],
  },
  {
    says: 'a PUBACK makes it delivered',
    from: sent(),
    event: { type: 'delivered', atMs: 12 },
    change: { status: 'delivered', deliveredAtMs: 12, unproven: 0 },
    history: ['delivered'],
  },
  {
    says: 'a PUBACK after the answer is a time and no status',
    from: acknowledged(),
    event: { type: 'delivered', atMs: 101 },
    change: { deliveredAtMs: 101, unproven: 0 },
    history: ['delivered'],
  },
  {
    says: 'a PUBACK of a later attempt is no news, but proves that the device is there',
    from: sent({ status: 'delivered', deliveredAtMs: 12, attempts: 2, unproven: 1 }),
    event: { type: 'delivered', atMs: 30_020 },
    change: { unproven: 0 },
  },
  {
    says: 'an answer of a device that agreed before confirms at once',
    from: sent({ agrees: true }),
    event: { ...answered, atMs: 50 },
    change: { status: 'confirmed', acknowledgedAtMs: 50, confirmedAtMs: 50 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged', 'confirmed'],
  },
  {
    says: 'an answer without a PUBACK invents no delivery',
    from: sent(),
    event: { ...answered, atMs: 50 },
    change: { status: 'acknowledged', acknowledgedAtMs: 50 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged'],
  },
  {
    says: 'an answer to what a crash forgot to have sent',
    from: command(),
    event: { ...answered, atMs: 50 },
    change: { status: 'acknowledged', acknowledgedAtMs: 50 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged'],
  },
  {
    says: 'a refusal',
    from: sent(),
    event: { ...answered, atMs: 50, ok: false, message: 'too hot' },
    change: { status: 'rejected', error: 'too hot' },
    next: 'never',
    settled: 'rejected device:fan',
    history: ['rejected'],
  },
  {
    says: 'an answer of a bridge is its own, for the device',
    from: sent(),
    event: { ...answered, atMs: 50, by: 'service:bridge' },
    change: { status: 'acknowledged', acknowledgedAtMs: 50 },
    next: 'never',
    settled: 'acknowledged service:bridge for fan',
    history: ['acknowledged'],
  },
  {
    says: 'a refusal of a bridge is its own, for the device',
    from: sent(),
    event: { ...answered, atMs: 50, ok: false, by: 'service:bridge' },
    change: { status: 'rejected', error: 'the device refused it' },
    next: 'never',
    settled: 'rejected service:bridge for fan',
    history: ['rejected'],
  },
  {
    says: 'the first answer counts',
    from: sent({ status: 'rejected', error: 'too hot' }),
    event: { ...answered, atMs: 50 },
    change: { answeredAgain: true },
    history: ['acknowledged again'],
    isRepeat: true,
  },
  {
    says: 'every further one is only counted',
    from: sent({ status: 'rejected', error: 'too hot', answeredAgain: true }),
    event: { ...answered, atMs: 60, message: 'really' },
    change: {},
    isRepeat: true,
  },
  {
    says: 'a late answer is told and changes no status',
    from: sent({ status: 'timed_out', error: 'no answer after 3 attempts' }),
    event: { ...answered, atMs: 99_000 },
    change: { acknowledgedAtMs: 99_000, error: 'no answer after 3 attempts; acknowledged late' },
    history: ['acknowledged late'],
  },
  {
    says: 'a late refusal is told too',
    from: sent({ status: 'cancelled', error: null }),
    event: { ...answered, atMs: 99_000, ok: false, message: 'no' },
    change: { error: 'rejected late' },
    history: ['rejected late'],
  },
  {
    says: 'a late refusal is told as late once',
    from: sent({ status: 'cancelled', error: 'rejected late' }),
    event: { ...answered, atMs: 99_000, ok: false, message: 'no' },
    change: { answeredAgain: true },
    history: ['rejected again'],
    isRepeat: true,
  },
  {
    says: 'a report before the answer is remembered and not told',
    from: sent(),
    event: { ...agrees, atMs: 20, from: 'reading', receivedAtMs: 20 },
    change: { agrees: true },
  },
  {
    says: 'a report of before it was sent says nothing',
    from: sent(),
    event: { ...agrees, atMs: 20, from: 'reading', receivedAtMs: 9 },
    change: {},
  },
  {
    says: 'a report after the answer confirms',
    from: acknowledged({ error: 'it does not' }),
    event: { ...agrees, atMs: 200, from: 'reading', receivedAtMs: 200 },
    change: { status: 'confirmed', confirmedAtMs: 200, error: null },
    history: ['confirmed'],
  },
  {
    says: 'a report after the answer contradicts',
    from: acknowledged(),
    event: { ...differs, atMs: 200, from: 'reading', receivedAtMs: 200 },
    change: { error: 'it does not', contradicted: ['fanSpeed'] },
    history: ['contradicted'],
  },
  {
    says: 'another value of the same property is no news',
    from: acknowledged({ error: 'it did not', contradicted: ['fanSpeed'] }),
    event: { ...differs, atMs: 200, from: 'reading', receivedAtMs: 200 },
    change: { error: 'it does not' },
    isQuiet: true,
  },
  {
    says: 'another property that contradicts is',
    from: acknowledged({ error: 'it did not', contradicted: ['powerOn'] }),
    event: { ...differs, atMs: 200, from: 'reading', receivedAtMs: 200 },
    change: { error: 'it does not', contradicted: ['powerOn', 'fanSpeed'] },
    history: ['contradicted'],
  },
  {
    says: 'a report that was under way while the device acted does not contradict',
    from: acknowledged(),
    event: { ...differs, atMs: 200, from: 'reading', receivedAtMs: 90 },
    change: {},
  },
  {
    says: 'after ten minutes nobody looks any more',
    from: acknowledged(),
    event: { ...agrees, atMs: 600_100, from: 'reading', receivedAtMs: 600_100 },
    change: {},
  },
  {
    says: "a plug's status answers for it",
    from: sent({ dialect: 'smartplug' }),
    event: { ...agrees, atMs: 20, from: 'status', receivedAtMs: 20 },
    change: { status: 'confirmed', acknowledgedAtMs: 20, confirmedAtMs: 20 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged', 'confirmed'],
  },
  {
    says: "a plug's reading of before the delivery does not",
    from: sent({ dialect: 'smartplug' }),
    event: { ...agrees, atMs: 20, from: 'reading', receivedAtMs: 20 },
    change: {},
  },
  {
    says: "a plug's reading after the delivery does",
    from: sent({ dialect: 'smartplug', status: 'delivered', deliveredAtMs: 15 }),
    event: { ...agrees, atMs: 20, from: 'reading', receivedAtMs: 20 },
    change: { status: 'confirmed', acknowledgedAtMs: 20, confirmedAtMs: 20 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged', 'confirmed'],
  },
  {
    says: "a plug's reading does where nothing tells of a delivery",
    from: sent({ dialect: 'smartplug', unconfirmedDelivery: true }),
    event: { ...agrees, atMs: 20, from: 'reading', receivedAtMs: 20 },
    change: { status: 'confirmed', acknowledgedAtMs: 20, confirmedAtMs: 20 },
    next: 'never',
    settled: 'acknowledged device:fan',
    history: ['acknowledged', 'confirmed'],
  },
  {
    says: "a plug's contradiction is left to the retry",
    from: sent({ dialect: 'smartplug' }),
    event: { ...differs, atMs: 20, from: 'status', receivedAtMs: 20 },
    change: {},
  },
  {
    says: 'cancelling what was sent says so',
    from: sent(),
    event: { type: 'cancelled', atMs: 20, by: 'local' },
    change: { status: 'cancelled', error: 'it was sent; the device may have acted on it' },
    next: 'never',
    settled: 'cancelled local',
    history: ['cancelled'],
  },
  {
    says: 'cancelling what was not sent',
    from: command({ attempts: 1, error: away }),
    event: { type: 'cancelled', atMs: 20, by: 'local' },
    change: { status: 'cancelled', error: null },
    next: 'never',
    settled: 'cancelled local',
    history: ['cancelled'],
  },
  {
    says: 'a newer word',
    from: sent(),
    event: { type: 'superseded', atMs: 20, by: 'hub', commandId: 'c2' },
    change: {
      status: 'cancelled',
      error: 'superseded by c2; it was sent; the device may have acted on it',
    },
    next: 'never',
    settled: 'cancelled hub',
    history: ['cancelled'],
  },
  {
    says: 'a newer word before it was sent',
    from: command({ error: away }),
    event: { type: 'superseded', atMs: 20, by: 'hub', commandId: 'c2' },
    change: { status: 'cancelled', error: 'superseded by c2' },
    next: 'never',
    settled: 'cancelled hub',
    history: ['cancelled'],
  },
];

describe('one event at a time', () => {
  it.each(cases)('$says', ({ from, event, change, publish, next, ...told }) => {
    const { settled, history = [], isQuiet, isRepeat } = told;
    const step = advance(from, event, policy);
    expect(step.command).toEqual({ ...from, ...change });
    expect(step.publish).toEqual(publish);
    expect(step.next).toEqual(next);
    expect(step.settled && wordsOf(step.settled)).toBe(settled);
    expect([step.isQuiet, step.isRepeat]).toEqual([isQuiet, isRepeat]);
    expect(step.history.map((entry) => entry.event)).toEqual(history);
  });
});

const wordsOf = ({ outcome, actor, for: deviceId }: NonNullable<Step['settled']>): string =>
  `${outcome} ${actor}${deviceId === undefined ? '' : ` for ${deviceId}`}`;

/** What may happen next, in the order and at the times that the dice say. */
const happening = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40_000 })),
  kind: fc.constantFrom(
    'due',
    'reachable',
    'delivered',
    'lost',
    'ok',
    'error',
    'agrees',
    'differs',
    'cancelled',
    'superseded',
  ),
  /** What a publish meets, if this leads to one. */
  line: fc.constantFrom('native', 'smartplug', 'away', 'busy'),
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

const eventOf = ({ kind }: Happening, atMs: number): CommandEvent => {
  switch (kind) {
    case 'due':
    case 'reachable':
    case 'delivered':
    case 'lost':
      return { type: kind, atMs };
    case 'ok':
    case 'error':
      return { ...answered, atMs, ok: kind === 'ok' };
    case 'agrees':
    case 'differs':
      return {
        type: 'reported',
        atMs,
        from: 'status',
        receivedAtMs: atMs,
        agrees: kind === 'agrees',
        contradiction: kind,
        property: 'fanSpeed',
      };
    case 'cancelled':
      return { type: 'cancelled', atMs, by: 'local' };
    case 'superseded':
      return { type: 'superseded', atMs, by: 'hub', commandId: 'c2' };
  }
};

const final = ['confirmed', 'rejected', 'expired', 'timed_out', 'cancelled'];
const order = ['queued', 'sent', 'delivered', 'acknowledged', 'confirmed'];

it('never leaves an end, never tries too often, never publishes too late', () => {
  const start = fc.record({
    waits: fc.boolean(),
    expiresAtMs: fc.integer({ min: 1000, max: 300_000 }),
  });
  fc.assert(
    fc.property(start, fc.array(happening, { maxLength: 40 }), (given, happenings) => {
      let now = command(given);
      let atMs = 0;
      let returns = 0;
      let publishes = 0;
      /** Since the device was last heard of: it came back, acknowledged, or its connection ended. */
      let unheard = 0;
      let settlings = 0;
      const happen = (event: CommandEvent, line: Happening['line']): void => {
        const before = now;
        const step = advance(before, event, policy);
        now = step.command;
        settlings += step.settled ? 1 : 0;
        if (final.includes(before.status)) expect(now.status).toBe(before.status);
        if (!isPending(before)) expect(step.publish).toBeUndefined();
        if (order.includes(now.status)) {
          expect(order.indexOf(now.status)).toBeGreaterThanOrEqual(order.indexOf(before.status));
        }
        expect(now.attempts).toBeLessThanOrEqual(policy.attempts);
        expect(now.attempts).toBeGreaterThanOrEqual(before.attempts);
        if (now.status !== before.status) expect(step.history).not.toEqual([]);
        if (isPending(before) && !isPending(now)) expect(step.next).toBe('never');
        if (step.next !== undefined && step.next !== 'never') {
          const nextMs = 'atMs' in step.next ? step.next.atMs : atMs + step.next.afterMs;
          expect(nextMs).toBeLessThanOrEqual(Math.max(now.expiresAtMs, atMs));
        }
        if (step.publish === undefined) return;
        expect(event.atMs).toBeLessThan(now.expiresAtMs);
        expect(step.publish.attempt).toBeLessThanOrEqual(policy.attempts);
        if (line === 'away' || line === 'busy') {
          happen(
            {
              type: 'held_back',
              atMs,
              attempt: step.publish.attempt,
              why: line,
              untilReachable: line === 'away',
            },
            line,
          );
        } else {
          publishes += 1;
          unheard += 1;
          expect(unheard).toBeLessThanOrEqual(policy.attempts);
          happen({ type: 'published', atMs, ...step.publish, dialect: line, qos: 1 }, line);
        }
      };
      for (const each of happenings) {
        atMs += each.afterMs;
        if (each.kind === 'reachable' || each.kind === 'lost') returns += 1;
        if (['reachable', 'lost', 'delivered'].includes(each.kind)) unheard = 0;
        happen(eventOf(each, atMs), each.line);
      }
      if (!now.waits) expect(publishes).toBeLessThanOrEqual(policy.attempts + returns);
      expect(settlings).toBeLessThanOrEqual(1);
      expect(settlings).toBe(isPending(now) ? 0 : 1);
      if (now.status === 'confirmed') expect(now.confirmedAtMs).not.toBeNull();
    }),
    { numRuns: 2000 },
  );
});

it('comes to an end whatever the device does', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 1000, max: 10 * 86_400_000 }),
      fc.infiniteStream(fc.constantFrom('native' as const, 'away' as const, 'busy' as const)),
      (waits, expiresAtMs, lines) => {
        let now = command({ waits, expiresAtMs });
        let atMs = 0;
        let looks = 0;
        while (isPending(now)) {
          looks += 1;
          const step = advance(now, { type: 'due', atMs }, policy);
          now = step.command;
          if (step.publish === undefined) {
            // Kept for a device that does not say that anything arrives.
            if (typeof step.next === 'object' && 'atMs' in step.next) atMs = step.next.atMs;
            continue;
          }
          const line = lines.next().value;
          const { attempt } = step.publish;
          const outcome =
            line === 'native'
              ? advance(now, { ...published, atMs, attempt }, policy)
              : advance(
                  now,
                  { ...held, atMs, attempt, why: line, untilReachable: line === 'away' },
                  policy,
                );
          now = outcome.command;
          const next = outcome.next ?? step.next;
          expect(typeof next).toBe('object');
          if (typeof next === 'object') atMs = 'atMs' in next ? next.atMs : atMs + next.afterMs;
          // A busy device is asked every 30 s; everyone else ends within the attempts.
          expect(looks).toBeLessThan(5 + expiresAtMs / policy.intervalMs);
        }
        expect(atMs).toBeLessThanOrEqual(expiresAtMs);
      },
    ),
  );
});
