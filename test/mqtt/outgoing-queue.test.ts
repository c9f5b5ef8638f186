import { expect, it } from 'vitest';
import { silentLog, systemClock } from '#kernel';
import { Counters } from '../../src/mqtt/counters.ts';
import { OutgoingQueue } from '../../src/mqtt/sessions/outgoing-queue.ts';
import { openStore } from '../../src/mqtt/store/open.ts';
import { temporaryDirectory } from '../support/directory.ts';

async function newQueue(limit: number) {
  const directory = await temporaryDirectory();
  const level = await openStore({
    directory,
    clock: systemClock,
    log: silentLog,
    onIncident: () => undefined,
  });
  const counters = new Counters();
  const budget = { bytes: 0 };
  return { queue: new OutgoingQueue('c', level, limit, budget, counters), counters, budget, level };
}

const message = (payload: string) => ({
  topic: 't',
  payload: Buffer.from(payload),
  qos: 1 as const,
});

async function replayed(queue: OutgoingQueue): Promise<string[]> {
  queue.rewind();
  const payloads: string[] = [];
  for await (const packet of queue.replay()) payloads.push(packet.payload.toString());
  return payloads;
}

it('never gives two messages one identifier [MQTT-2.3.1-2]', async () => {
  const { queue, level } = await newQueue(10);
  await queue.enqueue(1, message('a'));
  await queue.enqueue(2, message('b'));
  await queue.enqueue(3, message('c'));
  expect(queue.assign(1, 65_535)).toBe(65_535);
  expect(queue.assign(2, 65_535)).toBe(1);
  expect(queue.assign(3, 1)).toBe(2);
  expect(queue.assign(1, 7)).toBe(65_535);
  queue.acknowledge(1);
  expect(queue.size).toBe(2);
  await level.close();
});

it('drops the oldest that is not on the wire, and counts it', async () => {
  const { queue, counters, budget, level } = await newQueue(3);
  await queue.enqueue(1, message('on the wire'));
  for await (const packet of queue.replay()) expect(packet.brokerCounter).toBe(1);
  for (let i = 2; i < 7; i++) await queue.enqueue(i, message(`${i}`));
  expect(counters.dropped.queueFull).toBe(3);
  expect(await replayed(queue)).toEqual(['on the wire', '5', '6']);
  queue.clear();
  expect(budget.bytes).toBe(0);
  await level.close();
});

it('replays what arrives while it replays, and hands over what arrives later', async () => {
  const { queue, level } = await newQueue(10);
  await queue.enqueue(1, message('a'));
  queue.rewind();
  const payloads: string[] = [];
  for await (const packet of queue.replay()) {
    payloads.push(packet.payload.toString());
    if (packet.brokerCounter === 1) {
      await queue.enqueue(2, message('b'));
      // It is not delivered live: the replay comes to it.
      expect(queue.claim(2)).toBe(false);
    }
  }
  expect(payloads).toEqual(['a', 'b']);
  expect(queue.claim(2)).toBe(false);
  await queue.enqueue(3, message('c'));
  expect(queue.claim(3)).toBe(true);
  expect(queue.claim(3)).toBe(false);
  await level.close();
});

it('drops by bytes as well as by number', async () => {
  const { queue, counters, level } = await newQueue(1000);
  for (let i = 1; i <= 10; i++) await queue.enqueue(i, message('x'.repeat(1024 * 1024)));
  expect(queue.size).toBe(7);
  expect(counters.dropped.queueFull).toBe(3);
  await level.close();
});
