import type { WebSocket } from 'ws';
import { type Caller, may, type Sight, type SightOf, sightWith } from '#auth';
import type { Device, DeviceChange, StateSample } from '#devices';
import { type Cancel, type Clock, type Log, messageOf, type Part, type Unlisten } from '#kernel';
import { devicesOf, type LiveEvent, type ServerMessage } from './messages.ts';
import { closeCodes, Viewer } from './viewer.ts';

/** News from a neighbour, as a `Signal` tells it. */
interface News<T> {
  listen(listener: (news: T) => void): Unlisten;
}

export interface RealtimeOptions {
  /** What the home is called, for the welcome. */
  readonly home: string;
  readonly auth: {
    callerOfToken(token: string): Caller | undefined;
    readonly onRevoked: News<{ readonly kind: string; readonly id: string }>;
  };
  /** Which devices there are for whom; without it only whoever sees all sees any. */
  readonly sightOf?: SightOf;
  /** What is shared with a person is other than before. */
  readonly onShared?: News<{ readonly personId: string }>;
  readonly devices: {
    listFor(sight: Sight): Device[];
    exists(id: string): boolean;
    readonly onChange: News<DeviceChange>;
  };
  readonly telemetry: { readonly onSample: News<readonly StateSample[]> };
  readonly limits: { readonly websockets: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** Asks once more who it was that was let in; undefined when they no longer would be. */
export type Reauthenticate = () => Promise<Caller | undefined>;

const flushAfterMs = 100;
const pingEveryMs = 10_000;
/** A session that ends or a token that expires tells nobody: so it is asked for now and then. */
const reauthenticateEveryMs = 60_000;
/** Strangers may knock, but not fill the house. */
const mostStrangers = 20;

/** The live view: what devices say, on every screen that asked for it, a moment later. */
export class Realtime implements Part {
  readonly name = 'realtime';
  readonly #options: RealtimeOptions;
  /** Each with how to ask again: by the headers it came with, or the token of its first message. */
  readonly #viewers = new Map<Viewer, Reauthenticate | undefined>();
  #stops: (Cancel | Unlisten)[] = [];
  #flushing: Cancel | undefined;

  constructor(options: RealtimeOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#viewers.size;
  }

  async start(): Promise<void> {
    const { auth, devices, telemetry, clock, onShared } = this.#options;
    this.#stops = [
      telemetry.onSample.listen((samples) => this.#onSamples(samples)),
      devices.onChange.listen((news) => this.#onChange(news)),
      auth.onRevoked.listen(({ kind, id }) => this.#onRevoked(kind, id)),
      onShared?.listen(() => this.#scheduleFlush()) ?? (() => {}),
      clock.every(pingEveryMs, () => {
        for (const viewer of this.#viewers.keys()) viewer.ping();
      }),
      clock.every(reauthenticateEveryMs, () => void this.#reauthenticate()),
    ];
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#flushing?.();
    for (const viewer of this.#viewers.keys()) {
      viewer.close(closeCodes.goingAway, 'the hub is stopping');
    }
  }

  /**
   * Takes over a WebSocket. Without a `caller` its first message has to say who it is. A token that
   * ends while it is open ends it within a minute; with `reauthenticate`, which asks about `caller`,
   * so does a session.
   */
  accept(ws: WebSocket, caller: Caller | undefined, reauthenticate?: Reauthenticate): void {
    const { auth, clock, devices, limits, log, sightOf = sightWith } = this.#options;
    ws.on('error', (error) => log.debug({ reason: messageOf(error) }, 'a live view broke off'));
    if (caller && !mayWatch(caller)) {
      ws.close(closeCodes.policy, 'you may not watch');
      return;
    }
    const strangers = [...this.#viewers.keys()].filter((viewer) => !viewer.caller).length;
    if (this.#viewers.size >= limits.websockets || (!caller && strangers >= mostStrangers)) {
      ws.close(closeCodes.tryAgainLater, 'too many live views are open');
      return;
    }
    const viewer = new Viewer({
      ws,
      clock,
      caller,
      admit: (token) => {
        const found = auth.callerOfToken(token);
        if (!mayWatch(found)) return undefined;
        this.#viewers.set(viewer, async () => auth.callerOfToken(token));
        return found;
      },
      sightOf,
      isDevice: (id) => devices.exists(id),
      welcome: (sight) => this.#welcome(sight),
    });
    this.#viewers.set(viewer, caller && reauthenticate);
    ws.on('close', () => this.#viewers.delete(viewer));
    viewer.open();
  }

  /**
   * Tells everyone who watches and sees what it is about: the devices that the event names, unless
   * `about` says which.
   */
  announce(event: LiveEvent, about: readonly string[] = devicesOf(event)): void {
    if (this.#viewers.size === 0) return;
    for (const viewer of this.#viewers.keys()) viewer.offerEvent(event, about);
    this.#scheduleFlush();
  }

  #welcome(sight: Sight): ServerMessage {
    const { clock, devices, home } = this.#options;
    const server_time = new Date(clock.nowMs()).toISOString();
    const shown = devices.listFor(sight);
    const controls = sight.seesAll
      ? null
      : shown.map(({ id }) => id).filter((id) => sight.controls(id));
    return { type: 'welcome', server_time, home, devices: shown, controls };
  }

  #onSamples(samples: readonly StateSample[]): void {
    if (this.#viewers.size === 0) return;
    for (const viewer of this.#viewers.keys()) {
      for (const sample of samples) viewer.offerSample(sample);
    }
    this.#scheduleFlush();
  }

  #onChange(news: DeviceChange): void {
    if (this.#viewers.size === 0) return;
    for (const viewer of this.#viewers.keys()) viewer.offerChange(news);
    this.#scheduleFlush();
  }

  /** Waiting 100 ms from the first news on is what makes one message out of many. */
  #scheduleFlush(): void {
    this.#flushing ??= this.#options.clock.after(flushAfterMs, () => {
      this.#flushing = undefined;
      for (const viewer of this.#viewers.keys()) {
        if (viewer.hasPending) this.#flush(viewer);
      }
      if ([...this.#viewers.keys()].some((viewer) => viewer.hasPending)) this.#scheduleFlush();
    });
  }

  /** What cannot be sent to one client costs that client its connection, and nobody else anything. */
  #flush(viewer: Viewer): void {
    try {
      viewer.flush();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a live view could not be served');
      this.#viewers.delete(viewer);
      viewer.close(closeCodes.internalError, 'the hub failed to say what there is');
    }
  }

  /** A token, a session or a person that was let in and no longer is. */
  #onRevoked(kind: string, id: string): void {
    for (const viewer of this.#viewers.keys()) {
      const { caller } = viewer;
      if (caller?.kind === 'token' && kind === 'token' && caller.id === id) {
        viewer.close(closeCodes.policy, 'your token is not valid any more');
      }
      if (caller?.kind !== 'person') continue;
      if (
        (kind === 'person' && caller.id === id) ||
        (kind === 'session' && caller.sessionId === id)
      ) {
        viewer.close(closeCodes.policy, 'your session has ended');
      }
    }
  }

  async #reauthenticate(): Promise<void> {
    for (const [viewer, reauthenticate] of [...this.#viewers]) {
      if (reauthenticate === undefined || viewer.caller === undefined) continue;
      try {
        if (mayWatch(await reauthenticate())) continue;
      } catch (error) {
        this.#options.log.warn({ reason: messageOf(error) }, 'a live view could not be checked');
        continue;
      }
      viewer.close(closeCodes.policy, 'your session has ended');
    }
  }
}

/** The live view tells what devices there are as well as what they say. */
const mayWatch = (caller: Caller | undefined): boolean =>
  may(caller, 'devices.read') && may(caller, 'telemetry.read');
