import {
  afterCatching,
  afterMessage,
  type Catching,
  type LiveState,
  nothingYet,
} from './live-state.ts';
import { Observable, type Unsubscribe } from './observable.ts';
import type { ServerMessage, Value } from './wire.ts';

export interface Reading {
  readonly deviceId: string;
  readonly timeMs: number;
  readonly values: Readonly<Record<string, Value>>;
}

/** How long to wait before try number `attempt` (from 0): 0.5 s doubling to 15 s, spread by chance. */
export function retryDelayMs(attempt: number, chance: number): number {
  return Math.min(15_000, 500 * 2 ** Math.min(attempt, 10)) * (0.75 + 0.5 * chance);
}

export interface LiveOptions {
  /** `wss://hub/ws`. */
  readonly url: string;
  /** Asked when a connection fails before its welcome: whether the person is still signed in. */
  readonly signedIn: () => Promise<boolean>;
  readonly onSignedOut: () => void;
  /** How often to ask for a sign of life; 10 s unless told. */
  readonly pingEveryMs?: number;
}

/**
 * The live view over one WebSocket: it subscribes to every device, keeps `state` up to date, hands
 * on each reading, and comes back by itself when the connection is lost.
 */
export class Live {
  readonly state = new Observable<LiveState>(nothingYet);
  readonly #options: LiveOptions;
  readonly #readers = new Set<(reading: Reading) => void>();
  #socket: WebSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  /** Whether nothing was heard since the last ping. */
  #unanswered = false;
  #attempt = 0;
  #wanted = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  start(): void {
    this.#wanted = true;
    this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    clearTimeout(this.#retry);
    clearInterval(this.#pulse);
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Tries at once instead of waiting: for when the page is looked at again or the network is back. */
  wake(): void {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** Takes in what was asked for beside the live view: the hub's answers, in no certain order. */
  catchUp(caught: Catching): void {
    this.state.set(afterCatching(this.state.value, caught));
  }

  onReading(reader: (reading: Reading) => void): Unsubscribe {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.addEventListener('message', (event) => {
      if (this.#socket === socket) this.#hear(socket, String(event.data));
    });
    socket.addEventListener('close', () => {
      if (this.#socket === socket) void this.#lost();
    });
    this.#unanswered = false;
    this.#pulse = setInterval(() => this.#ping(socket), this.#options.pingEveryMs ?? 10_000);
  }

  /**
   * A hub without power closes nothing, and a browser would go on calling the connection open for
   * minutes: when a ping has no answer by the time of the next one, the connection is given up.
   */
  #ping(socket: WebSocket): void {
    if (this.#unanswered) {
      void this.#lost();
      socket.close();
      return;
    }
    this.#unanswered = true;
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'ping' }));
  }

  #hear(socket: WebSocket, text: string): void {
    this.#unanswered = false;
    const message = JSON.parse(text) as ServerMessage;
    this.state.set(afterMessage(this.state.value, message, Date.now()));
    if (message.type === 'welcome') {
      this.#attempt = 0;
      socket.send(JSON.stringify({ type: 'subscribe', devices: ['*'] }));
    }
    if (message.type === 'telemetry') {
      const reading = {
        deviceId: message.device_id,
        timeMs: Date.parse(message.timestamp),
        values: message.values,
      };
      for (const reader of this.#readers) reader(reading);
    }
  }

  async #lost(): Promise<void> {
    this.#socket = undefined;
    clearInterval(this.#pulse);
    const { state } = this;
    if (state.value.connection === 'live')
      state.set({ ...state.value, connection: 'reconnecting' });
    const delayMs = retryDelayMs(this.#attempt, Math.random());
    this.#attempt += 1;
    // A browser is not told why an upgrade was refused, so ask: a lost session needs a log-in, not
    // another try.
    if (!(await this.#options.signedIn())) {
      this.stop();
      this.#options.onSignedOut();
      return;
    }
    if (this.#wanted) this.#retry = setTimeout(() => this.wake(), delayMs);
  }
}
