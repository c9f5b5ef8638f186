import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  afterMessage,
  type Connection,
  Live,
  nothingYet,
  retryDelayMs,
} from '../../web/src/live.ts';
import type { Device, ServerMessage } from '../../web/src/wire.ts';

const plug: Device = {
  id: 'plug',
  name: 'Plug',
  description: '',
  type: 'plug',
  room: null,
  status: 'online',
  state: 'active',
  last_seen: null,
  firmware_version: null,
  hardware_version: null,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  latest: { timestamp: '2026-01-01T10:00:00Z', power: 5, voltage: 230 },
  denied: 0,
};

const nowMs = Date.parse('2026-01-01T10:00:10Z');
const hear = (...messages: ServerMessage[]) =>
  messages.reduce((state, message) => afterMessage(state, message, nowMs), nothingYet);

const welcome: ServerMessage = {
  type: 'welcome',
  server_time: '2026-01-01T10:01:00Z',
  home: 'Home',
  devices: [plug],
};
const reading = (timestamp: string, power: number): ServerMessage => ({
  type: 'telemetry',
  device_id: 'plug',
  timestamp,
  values: { power },
});

describe('the live view', () => {
  it('is live from the welcome on and goes by the hub’s clock', () => {
    const state = hear(welcome);
    expect(state).toMatchObject({ connection: 'live', home: 'Home', welcomed: true });
    expect(state.clockOffsetMs).toBe(50_000);
    expect([...state.devices.keys()]).toEqual(['plug']);
  });

  it('takes over new values, keeps the others, and has seen the device now', () => {
    const device = hear(welcome, reading('2026-01-01T10:00:09Z', 7)).devices.get('plug');
    expect(device?.latest).toEqual({
      timestamp: '2026-01-01T10:00:09Z',
      power: 7,
      voltage: 230,
    });
    expect(device?.last_seen).toBe('2026-01-01T10:01:00.000Z');
  });

  it('does not let a late reading set the time back', () => {
    const device = hear(welcome, reading('2026-01-01T09:00:00Z', 7)).devices.get('plug');
    expect(device?.latest?.timestamp).toBe('2026-01-01T10:00:00Z');
  });

  it('ignores a reading of a device that it does not know', () => {
    const before = hear(welcome);
    const message = { ...reading('2026-01-01T10:00:09Z', 7), device_id: 'other' } as ServerMessage;
    expect(afterMessage(before, message, nowMs)).toBe(before);
  });

  it('follows devices that come, change and go', () => {
    const changed = { ...plug, name: 'Kettle', status: 'offline' as const };
    const added = { ...plug, id: 'lamp' };
    const state = hear(
      welcome,
      { type: 'device', change: 'updated', device: changed },
      { type: 'device', change: 'created', device: added },
    );
    expect(state.devices.get('plug')).toEqual(changed);
    expect(state.devices.get('lamp')).toEqual(added);
    const after = afterMessage(state, { type: 'device', change: 'removed', device: added }, nowMs);
    expect([...after.devices.keys()]).toEqual(['plug']);
  });

  it('starts anew with every welcome', () => {
    expect(hear(welcome, { ...welcome, devices: [] }).devices.size).toBe(0);
  });

  it('is not disturbed by what it need not know', () => {
    const before = hear(welcome);
    expect(afterMessage(before, { type: 'pong' }, nowMs)).toBe(before);
  });
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
