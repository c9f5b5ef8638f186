import type { RawData, WebSocket } from 'ws';
import { type Caller, may, type Sight, type SightOf, seesEvery } from '#auth';
import { shownTo } from '#commands';
import { type DeviceChange, deviceFor, type StateSample } from '#devices';
import type { Cancel, Clock } from '#kernel';
import {
  type ClientMessage,
  type LiveEvent,
  readClientMessage,
  type ServerMessage,
} from './messages.ts';
import { Pending } from './pending.ts';
import { Subscriptions } from './subscriptions.ts';

/** RFC 6455 §7.4.1, and 1013 of the IANA registry. */
export const closeCodes = {
  goingAway: 1001,
  policy: 1008,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

/** Above this the client only gets what changed last, later. */
const slowBytes = 1024 * 1024;
/** Above this it gets nothing more. */
const stuckBytes = 4 * slowBytes;
const silenceMs = 30_000;
const authenticateWithinMs = 5000;
/** Messages a client may send in one second. */
const mostMessagesPerSecond = 50;
/** How long a close may take before the socket is cut; a client that reads nothing never answers it. */
const lingerMs = 1000;

export interface ViewerOptions {
  readonly ws: WebSocket;
  readonly clock: Clock;
  /** Undefined while it has yet to say who it is. */
  readonly caller: Caller | undefined;
  /** Who a token stands for, if whoever it is may look. */
  readonly admit: (token: string) => Caller | undefined;
  readonly sightOf: SightOf;
  readonly isDevice: (id: string) => boolean;
  /** The home as somebody sees it now. */
  readonly welcome: (sight: Sight) => ServerMessage;
}

/** One client of the live view. */
export class Viewer {
  readonly #options: ViewerOptions;
  readonly #ws: WebSocket;
  readonly #clock: Clock;
  readonly #subscriptions = new Subscriptions();
  readonly #pending = new Pending();
  readonly #cancelAuthentication: Cancel;
  #caller: Caller | undefined;
  /** What there is for the caller; asked anew at each message, for a share may have ended since. */
  #sight: Sight;
  /** What the last welcome was about. */
  #welcomed: string | undefined;
  #heardMs: number;
  #second = 0;
  #messagesThisSecond = 0;

  constructor(options: ViewerOptions) {
    const { ws, clock } = options;
    this.#options = options;
    this.#ws = ws;
    this.#clock = clock;
    this.#caller = options.caller;
    this.#sight = options.sightOf(options.caller);
    this.#heardMs = clock.monotonicMs();
    this.#cancelAuthentication = options.caller
      ? () => {}
      : clock.after(authenticateWithinMs, () =>
          this.close(closeCodes.policy, 'say who you are within 5 seconds'),
        );
  }

  get caller(): Caller | undefined {
    return this.#caller;
  }

  get hasPending(): boolean {
    return !this.#pending.isEmpty || this.#seesOthers;
  }

  open(): void {
    this.#ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    this.#ws.on('pong', () => {
      this.#heardMs = this.#clock.monotonicMs();
    });
    this.#ws.on('close', () => this.#cancelAuthentication());
    if (this.#caller) this.#welcome();
  }

  offerSample(sample: StateSample): void {
    const { deviceId } = sample;
    if (this.#caller === undefined || !this.#sight.sees(deviceId)) return;
    const { sensitive, ...open } = sample;
    const seen =
      sensitive && may(this.#caller, 'telemetry.sensitive')
        ? { ...open, values: { ...open.values, ...sensitive } }
        : open;
    this.#pending.addSample(seen, (metric) => this.#subscriptions.wants(deviceId, metric));
  }

  offerChange(news: DeviceChange): void {
    if (this.#caller !== undefined && this.#sight.sees(news.device.id)) {
      this.#pending.addChange({ ...news, device: deviceFor(this.#sight, news.device) });
    }
  }

  /** @param about the devices that the event tells of; who does not see all of them is not told. */
  offerEvent(event: LiveEvent, about: readonly string[]): void {
    if (this.#caller === undefined || !seesEvery(this.#sight, about)) return;
    const isCommand = event.type === 'command';
    this.#pending.addEvent(
      isCommand ? { ...event, command: shownTo(this.#sight, about, event.command) } : event,
    );
  }

  /** Sends what waits, unless the client has yet to read what it was sent before. */
  flush(): void {
    if (this.#ws.bufferedAmount > stuckBytes) {
      this.close(closeCodes.tryAgainLater, 'this connection is too slow');
    } else if (this.#ws.bufferedAmount <= slowBytes) {
      // What waits is of a home that is not theirs any more: a welcome says what there is instead.
      if (this.#seesOthers) this.#welcome();
      for (const message of this.#pending.take()) this.#send(message);
    }
  }

  /** Whether there are other devices for the caller than when it was last welcomed. */
  get #seesOthers(): boolean {
    return this.#caller !== undefined && horizonOf(this.#sight) !== this.#welcomed;
  }

  #welcome(): void {
    this.#pending.take();
    this.#welcomed = horizonOf(this.#sight);
    this.#send(this.#options.welcome(this.#sight));
  }

  /** Asks for a sign of life; ends the connection when there was none for too long. */
  ping(): void {
    if (this.#clock.monotonicMs() - this.#heardMs > silenceMs) {
      this.close(closeCodes.policy, 'no answer for 30 seconds');
    } else if (this.#ws.readyState === this.#ws.OPEN) {
      this.#ws.ping();
    }
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    this.#clock.after(lingerMs, () => this.#ws.terminate());
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#heardMs = this.#clock.monotonicMs();
    if (this.#isTooChatty()) {
      this.close(closeCodes.policy, 'too many messages');
      return;
    }
    const message = isBinary ? { wrong: 'it is not text' } : readClientMessage(data.toString());
    if ('wrong' in message) this.#sendError('bad_request', message.wrong);
    else if (this.#caller === undefined) this.#authenticate(message);
    else this.#answer(message);
  }

  #authenticate(message: ClientMessage): void {
    const caller = message.type === 'auth' ? this.#options.admit(message.token) : undefined;
    if (caller === undefined) {
      this.#sendError('unauthenticated', 'the first message is {"type":"auth","token":"…"}');
      this.close(closeCodes.policy, 'unauthenticated');
      return;
    }
    this.#cancelAuthentication();
    this.#caller = caller;
    this.#sight = this.#options.sightOf(caller);
    this.#welcome();
  }

  #answer(message: ClientMessage): void {
    switch (message.type) {
      case 'auth':
        this.#sendError('conflict', 'you said who you are already');
        break;
      case 'ping': {
        const server_time = new Date(this.#clock.nowMs()).toISOString();
        this.#send({ type: 'pong', server_time });
        break;
      }
      case 'unsubscribe':
        this.#subscriptions.remove(message.devices);
        this.#send({ type: 'unsubscribed', devices: message.devices });
        break;
      case 'subscribe':
        this.#subscribe(message.devices, message.metrics);
        break;
    }
  }

  #subscribe(devices: readonly string[], metrics: readonly string[] | undefined): void {
    const isThere = (id: string) => this.#options.isDevice(id) && this.#sight.sees(id);
    const unknown = devices.find((id) => id !== '*' && !isThere(id));
    if (unknown !== undefined) {
      this.#sendError('not_found', `there is no device "${unknown}"`);
    } else if (!this.#subscriptions.add(devices, metrics)) {
      this.#sendError('too_large', 'that is more than one connection may watch: use "*"');
    } else {
      this.#send({ type: 'subscribed', devices, ...(metrics === undefined ? {} : { metrics }) });
    }
  }

  #isTooChatty(): boolean {
    const second = Math.floor(this.#heardMs / 1000);
    if (second !== this.#second) [this.#second, this.#messagesThisSecond] = [second, 0];
    this.#messagesThisSecond += 1;
    return this.#messagesThisSecond > mostMessagesPerSecond;
  }

  #sendError(code: string, message: string): void {
    this.#send({ type: 'error', code, message });
  }

  #send(message: ServerMessage): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }
}

/** What there is for somebody, in a word that is another when it is; undefined for all. */
const horizonOf = (sight: Sight): string | undefined =>
  sight
    .only()
    ?.map((id) => `${id} ${sight.controls(id)}`)
    .sort()
    .join();
