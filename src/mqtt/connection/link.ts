import { Duplex } from 'node:stream';
import type { Session } from '../sessions/session.ts';
import { FrameSplitter } from '../wire/frames.ts';

/** The connection behind a link, as the router sees it. */
export interface LinkOwner {
  readonly session: Session;
  /** A packet that Aedes sends to the client. */
  onPacket(frame: Buffer, bodyStart: number): void;
  denySubscription(filter: string, reason: string): void;
}

/**
 * The stream that Aedes is handed in place of a socket. It takes every write at once: Aedes waits for
 * the slowest subscriber before it routes on, so that a full socket must never show here. What the
 * socket cannot take is bounded behind it, in the outbox.
 */
export class Link extends Duplex {
  readonly owner: LinkOwner;
  readonly #splitter: FrameSplitter;

  constructor(owner: LinkOwner) {
    super({ writableHighWaterMark: Number.MAX_SAFE_INTEGER });
    this.owner = owner;
    this.#splitter = new FrameSplitter(Number.MAX_SAFE_INTEGER, (frame, bodyStart) =>
      owner.onPacket(frame, bodyStart),
    );
  }

  override _read(): void {
    // Packets are pushed when the connection has them.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#splitter.push(chunk);
    done();
  }

  override _writev(pieces: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#splitter.push(Buffer.concat(pieces.map((piece) => piece.chunk)));
    done();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#splitter.stop();
    // Without the error: why it closed has been told to the connection, nobody else listens.
    done();
  }
}
