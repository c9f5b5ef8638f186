import { EventEmitter, once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '#kernel';
import { type OpenHub, run, type Surroundings } from '../../src/cli/index.ts';
import { temporaryDirectory } from '../support/directory.ts';

class Written extends Writable {
  text = '';
  columns = 100;
  /** Resolves when what is written contains `part`. */
  readonly #news = new EventEmitter();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.#news.emit('more');
    done();
  }

  async contains(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this.#news, 'more');
  }
}

export interface Seen {
  readonly method: string;
  /** Path and query, as the hub gets them. */
  readonly path: string;
  readonly body: unknown;
}

/** Requests as a person would write them down: `POST /people {"name":"Ada"}`. */
export const asked = (seen: readonly Seen[]): string[] =>
  seen.map(({ method, path, body }) => {
    const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
    return `${method} ${path.replace('/api/v1', '')}${sent}`;
  });

/** A folder to type commands in, with everything they print and every signal they could get. */
export class CommandLine {
  readonly directory: string;
  readonly output = new Written();
  readonly errors = new Written();
  readonly signals = new EventEmitter();
  readonly exits: number[] = [];
  environment: Record<string, string> = {};
  openHub: OpenHub = () => Promise.reject(new Error('this test opens no hub'));
  input = Readable.from([]);
  clock: Clock = systemClock;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<CommandLine> {
    return new CommandLine(await temporaryDirectory());
  }

  /** Runs one command line and resolves with its exit code. */
  run(...argv: string[]): Promise<number> {
    const { directory, input, output, errors, environment, signals, openHub, clock } = this;
    const around: Surroundings = {
      workingDirectory: directory,
      environment,
      input,
      output,
      errors,
      signals,
      openHub,
      clock,
      exit: (code) => this.exits.push(code),
    };
    return run(argv, around);
  }
}

/**
 * A running hub as far as its control socket goes: `answers` is its API, and whatever was asked of
 * it is in `seen`.
 */
export async function listenOnSocket(directory: string, api: Hono): Promise<Seen[]> {
  const seen: Seen[] = [];
  const app = new Hono();
  app.use(async (context, next) => {
    const { method, url } = context.req;
    const isJson = context.req.header('content-type') === 'application/json';
    const text = await context.req.text();
    const { pathname, search } = new URL(url);
    seen.push({
      method,
      path: pathname + search,
      body: text === '' ? undefined : isJson ? JSON.parse(text) : text,
    });
    await next();
  });
  app.route('/api/v1', api);
  await mkdir(join(directory, 'data'), { recursive: true });
  const server = createAdaptorServer(app);
  server.listen(join(directory, 'data', 'hearth.sock'));
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return seen;
}
