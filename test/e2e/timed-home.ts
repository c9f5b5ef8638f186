import type { MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { Command } from '#commands';
import type { Hub } from '#main';
import { temporaryDirectory } from '../support/directory.ts';
import { RunningClock } from '../support/running-clock.ts';
import { ask, connectDevice, type NewDevice, startHub } from './home.ts';

/** What a device was told, and a way to wait for the next of it. */
export interface Ear {
  readonly client: MqttClient;
  readonly heard: readonly Readonly<Record<string, unknown>>[];
  next(): Promise<Readonly<Record<string, unknown>>>;
  say(topic: string, message: object | string): Promise<void>;
}

/** A hub whose clock a test moves, with real devices over mutual TLS. */
export interface TimedHome {
  readonly directory: string;
  readonly clock: RunningClock;
  readonly hub: Hub;
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body?: object): Promise<Answer>;
  remove<Answer>(path: string): Promise<Answer>;
  /** A device that is connected and listens to `topics`. */
  device(device: NewDevice, ...topics: readonly string[]): Promise<Ear>;
  /** Resolves with the command once it is in one of these states. */
  reaches(commandId: string, ...statuses: readonly string[]): Promise<Command>;
}

const patienceMs = 10_000;

export async function timedHome(
  at = '2026-03-02T08:00:00Z',
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TimedHome> {
  const directory = await temporaryDirectory();
  const clock = new RunningClock(Date.parse(at));
  onTestFinished(() => clock.stop());
  const hub = await startHub(directory, {
    clock,
    settings: { 'home.time_zone': 'Europe/Berlin', ...settings },
  });
  onTestFinished(() => hub.stop());
  const get: TimedHome['get'] = (path) => ask(hub, 'GET', path);
  return {
    directory,
    clock,
    hub,
    get,
    post: (path, body = {}) => ask(hub, 'POST', path, body),
    remove: (path) => ask(hub, 'DELETE', path),
    device: async (device, ...topics) => {
      const client = await connectDevice(hub, device);
      onTestFinished(async () => void (await client.endAsync(true)));
      return listen(client, ...topics);
    },
    reaches: (id, ...statuses) =>
      until(
        () => get<Command>(`/commands/${id}`),
        ({ status }) => statuses.includes(status),
      ),
  };
}

/** Subscribes with QoS 1 and keeps what comes. */
export async function listen(client: MqttClient, ...topics: readonly string[]): Promise<Ear> {
  const heard: Record<string, unknown>[] = [];
  const waiting: ((message: Record<string, unknown>) => void)[] = [];
  let taken = 0;
  client.on('message', (_topic, payload) => {
    const message = JSON.parse(payload.toString()) as Record<string, unknown>;
    heard.push(message);
    const first = waiting.shift();
    if (first === undefined) return;
    taken += 1;
    first(message);
  });
  if (topics.length > 0) await client.subscribeAsync([...topics], { qos: 1 });
  return {
    client,
    heard,
    next: () => {
      const message = heard[taken];
      if (message === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      return Promise.resolve(message);
    },
    say: async (topic, message) => {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      await client.publishAsync(topic, text, { qos: 1 });
    },
  };
}

/** Asks again and again until the answer is as wanted; every answer is a turn of the hub's own loop. */
export async function until<Answer>(
  askOnce: () => Promise<Answer>,
  isSo: (answer: Answer) => boolean,
): Promise<Answer> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await askOnce();
    if (isSo(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
