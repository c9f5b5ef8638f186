import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Live, retryDelayMs } from '../../web/src/live.ts';
import type { Connection } from '../../web/src/live-state.ts';
import type { ServerMessage } from '../../web/src/wire.ts';

const welcome: ServerMessage = {
  type: 'welcome',
  server_time: '2026-01-01T10:01:00Z',
  home: 'Home',
  devices: [],
};
const reading = (timestamp: string, power: number): ServerMessage => ({
  type: 'telemetry',
  device_id: 'plug',
  timestamp,
  values: { power },
});

describe('trying again', () => {
  it.each([
    [0, 0, 375],
    [0, 1, 625],
    [1, 0.5, 1000],
    [4, 0.5, 8000],
    [5, 0.5, 15_000],
    [1000, 0.5, 15_000],
  ])('waits before try %i with chance %f: %i ms', (attempt, chance, delayMs) => {
    expect(retryDelayMs(attempt, chance)).toBe(delayMs);
  });
});

/** A live view of a server that does nothing by itself, and what comes to pass in it. */
async function liveView(options: { signedIn?: boolean; pingEveryMs?: number } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let tellSignedOut = () => {};
  const signedOut = new Promise<void>((resolve) => {
    tellSignedOut = resolve;
  });
  const live = new Live({
    url: `ws://127.0.0.1:${port}/ws`,
    signedIn: async () => options.signedIn ?? true,
    onSignedOut: tellSignedOut,
    ...(options.pingEveryMs && { pingEveryMs: options.pingEveryMs }),
  });
  onTestFinished(() => {
    live.stop();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const connections: Connection[] = [];
  live.state.subscribe(({ connection }) => {
    if (connections.at(-1) !== connection) connections.push(connection);
  });
  const arrival = async () => (await once(server, 'connection'))[0] as WebSocket;
  return { live, server, arrival, connections, signedOut };
}

const become = (live: Live, wanted: Connection) =>
  new Promise<void>((resolve) => {
    const off = live.state.subscribe(({ connection }) => {
      if (connection !== wanted) return;
      off();
      resolve();
    });
  });

describe('the live connection', () => {
  it('asks for every device and hands on each reading', async () => {
    const { live, arrival } = await liveView();
    const arrived = arrival();
    const heard = new Promise((resolve) => live.onReading(resolve));
    live.start();
    const socket = await arrived;
    socket.send(JSON.stringify(welcome));
    const [asked] = await once(socket, 'message');
    expect(JSON.parse(String(asked))).toEqual({ type: 'subscribe', devices: ['*'] });
    socket.send(JSON.stringify(reading('2026-01-01T10:00:09Z', 7)));
    expect(await heard).toEqual({
      deviceId: 'plug',
      timeMs: Date.parse('2026-01-01T10:00:09Z'),
      values: { power: 7 },
    });
  });

  it('comes back when it was cut', async () => {
    const { live, arrival, connections } = await liveView();
    const first = arrival();
    live.start();
    const isLive = become(live, 'live');
    (await first).send(JSON.stringify(welcome));
    await isLive;
    const second = arrival();
    (await first).terminate();
    const isLiveAgain = become(live, 'live');
    (await second).send(JSON.stringify(welcome));
    await isLiveAgain;
    expect(connections).toEqual(['live', 'reconnecting', 'live']);
  });

  it('gives up a hub that has fallen silent without closing anything', async () => {
    const { live, arrival } = await liveView({ pingEveryMs: 20 });
    const first = arrival();
    live.start();
    const socket = await first;
    const isLive = become(live, 'live');
    socket.send(JSON.stringify(welcome));
    await isLive;
    const second = arrival();
    // Reads no more, so it answers nothing, not even a close.
    socket.pause();
    await become(live, 'reconnecting');
    await second;
  });

  it('ends when the session has ended', async () => {
    const { live, arrival, signedOut, server } = await liveView({ signedIn: false });
    const first = arrival();
    live.start();
    (await first).close(1008, 'say who you are');
    await signedOut;
    const arrivals: (string | undefined)[] = [];
    server.on('connection', (_, request) => arrivals.push(request.url));
    live.wake();
    // One that comes after it would have come: by then it must not have.
    const { port } = server.address() as AddressInfo;
    const probe = new globalThis.WebSocket(`ws://127.0.0.1:${port}/probe`);
    await once(probe, 'open');
    expect(arrivals).toEqual(['/probe']);
    probe.close();
  });
});
