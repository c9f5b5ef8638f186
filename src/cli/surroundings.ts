import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Config } from '#config';
import type { Clock, Log } from '#kernel';
import type { LogRing } from '#ops';

/** Where lines go to, and whether a person is looking. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A hub in this process. `request` answers as REST does, with the rights of the machine's owner. */
export interface OpenedHub {
  request(request: Request): Promise<Response>;
  stop(): Promise<void>;
  /** Until the owner exists; what they type to become it. */
  setupCode(): string | undefined;
  /** SHA-256 of the certificate authority, `AB:CD:…`. */
  readonly caFingerprint: string;
  /** Where it listens; absent for a listener that is off. */
  readonly addresses: Readonly<Record<Listener, { readonly port: number } | undefined>>;
}

export type Listener = 'http' | 'https' | 'mqtts' | 'mqtt';

/** Opens a data directory and starts its hub; `offline` starts no listener. */
export type OpenHub = (options: {
  readonly config: Config;
  readonly log: Log;
  /** The copy of the log that `GET /logs` reads from. */
  readonly logs?: LogRing;
  readonly offline?: boolean;
}) => Promise<OpenedHub>;

/** All that a command may touch beside its arguments: `process` in life, a test's own in tests. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Output;
  readonly errors: Output;
  readonly clock: Clock;
  /** Where SIGINT, SIGTERM and SIGHUP arrive. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  /** Ends the process without further ado. */
  readonly exit: (code: number) => void;
  readonly openHub: OpenHub;
}
