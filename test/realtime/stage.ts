import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket as Client, type WebSocket, WebSocketServer } from 'ws';
import { type Caller, Shares } from '#auth';
import type { StateSample } from '#devices';
import { Signal, silentLog } from '#kernel';
import { Realtime, type Reauthenticate, type ServerMessage } from '#realtime';
import { type Home, openHome } from '../devices/home.ts';

/** One client of the live view, and what it heard. */
export interface Screen {
  readonly ws: Client;
  /** The hub's end of it. */
  readonly far: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  say(message: object | string): void;
  /** The next message that was not asked for yet. */
  next(): Promise<ServerMessage>;
}

/** The live view over real sockets, a real registry and a signal in the place of telemetry. */
export interface Stage extends Home {
  readonly realtime: Realtime;
  readonly shares: Shares;
  /** Somebody who sees what is shared with them. */
  guest(): Caller & { readonly kind: 'person' };
  sample(deviceId: string, values: StateSample['values'], timeMs?: number): void;
  screen(caller: Caller | undefined, reauthenticate?: Reauthenticate): Promise<Screen>;
  /** A screen that has had its welcome and watches every device. */
  watching(): Promise<Screen>;
}

/** A program that sees the whole home and may do nothing in it. */
export const tablet: Caller = {
  kind: 'token',
  id: 'tablet-1',
  name: 'tablet',
  role: 'service',
  scopes: ['devices.read', 'telemetry.read'],
};

export async function openStage(websockets = 100): Promise<Stage> {
  const home = await openHome();
  const { auth, clock, devices } = home;
  const onSample = new Signal<readonly StateSample[]>('telemetry.onSample', silentLog);
  const { audit, db } = home;
  const shared = { db, audit, devices, clock, log: silentLog };
  const shares = new Shares({ ...shared, people: auth.people });
  await shares.start();
  onTestFinished(() => shares.stop());
  const realtime = new Realtime({
    home: 'Elm Street 7',
    auth,
    devices,
    sightOf: (caller) => shares.sightOf(caller),
    onShared: shares.onChange,
    telemetry: { onSample },
    limits: { websockets },
    clock,
    log: silentLog,
  });
  await realtime.start();
  onTestFinished(() => realtime.stop());
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });

  const screen: Stage['screen'] = async (caller, reauthenticate) => {
    const ws = new Client(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const heard: ServerMessage[] = [];
    const waiting: ((message: ServerMessage) => void)[] = [];
    ws.on('message', (data) => {
      const message = JSON.parse(data.toString()) as ServerMessage;
      const first = waiting.shift();
      if (first) first(message);
      else heard.push(message);
    });
    const closed = once(ws, 'close').then(([code, reason]) => ({ code, reason: `${reason}` }));
    const opened = once(ws, 'open');
    const [far] = (await once(server, 'connection')) as [WebSocket];
    realtime.accept(far, caller, reauthenticate);
    await opened;
    return {
      ws,
      far,
      closed,
      say: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
      next: () => {
        const message = heard.shift();
        if (message) return Promise.resolve(message);
        return new Promise((resolve) => waiting.push(resolve));
      },
    };
  };
  return {
    ...home,
    realtime,
    shares,
    guest: () => {
      const { id, name } = auth.people.add({
        name: 'Gus',
        email: `gus-${auth.people.list().length}@home.example`,
        role: 'guest',
      });
      return { kind: 'person', id, name, role: 'guest', sessionId: `session of ${id}` };
    },
    screen,
    sample: (deviceId, values, timeMs = clock.nowMs()) =>
      onSample.emit([
        { deviceId, timeUs: timeMs * 1000, receivedUs: clock.nowMs() * 1000, values },
      ]),
    watching: async () => {
      const one = await screen(tablet);
      await one.next();
      one.say({ type: 'subscribe', devices: ['*'] });
      await one.next();
      return one;
    },
  };
}
