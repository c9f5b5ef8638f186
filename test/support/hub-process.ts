import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { controlSocketPath } from '#kernel';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly mqtts: number;
  readonly mqtt: number;
}

export interface HubProcessOptions {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Put before the command: `['strace', '-f', …]`. */
  readonly wrapper?: readonly string[];
  /** Runs on a clock that `advance` and `step` move, from this time on; milliseconds since 1970. */
  readonly clockMs?: number;
}

/** The real hub in a process of its own, on free ports: to be killed, traced and measured. */
export class HubProcess {
  readonly directory: string;
  readonly #child: ChildProcess;
  readonly #isWrapped: boolean;
  readonly errors: string[] = [];
  readonly #answers: (() => void)[] = [];
  ports: Ports = { http: 0, https: 0, mqtts: 0, mqtt: 0 };

  private constructor(options: HubProcessOptions) {
    this.directory = options.directory;
    this.#isWrapped = options.wrapper !== undefined;
    const program =
      options.clockMs === undefined
        ? [join(root, 'bin/hearth'), 'start']
        : [process.execPath, join(root, 'test/support/clock-hub.ts'), String(options.clockMs)];
    const [command = '', ...args] = [...(options.wrapper ?? []), ...program];
    this.#child = spawn(command, args, {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HEARTH_DATA: options.directory,
        HEARTH_HTTP_PORT: '0',
        HEARTH_HTTPS_PORT: '0',
        HEARTH_MQTTS_PORT: '0',
        HEARTH_MQTT_PORT: 'any',
        HEARTH_HTTP_ADDRESS: '127.0.0.1',
        HEARTH_HTTPS_ADDRESS: '127.0.0.1',
        HEARTH_MQTTS_ADDRESS: '127.0.0.1',
        HEARTH_MQTT_ADDRESS: '127.0.0.1',
        HEARTH_LOG_LEVEL: 'warn',
        HEARTH_LOG_PRETTY: 'false',
        HEARTH_DASHBOARD_BUILD: 'false',
        ...options.environment,
      },
    });
  }

  /** Starts a hub and resolves when it answers on its control socket. */
  static async start(options: HubProcessOptions): Promise<HubProcess> {
    const hub = new HubProcess(options);
    const { stdout, stderr } = hub.#child;
    if (stdout === null || stderr === null) throw new Error('the hub has no output');
    createInterface(stderr).on('line', (line) => {
      if (hub.errors.length < 200) hub.errors.push(line);
    });
    const lines = createInterface(stdout);
    const up = new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (line.includes('Hearth is up')) resolve();
        else if (line === 'ok') hub.#answers.shift()?.();
      });
      hub.#child.once('exit', (code) =>
        reject(new Error(`the hub ended with ${code}:\n${hub.errors.join('\n')}`)),
      );
    });
    await up;
    const { addresses } = (await hub.get('/api/v1/status')) as {
      addresses: Record<keyof Ports, { port: number } | null>;
    };
    hub.ports = {
      http: addresses.http?.port ?? 0,
      https: addresses.https?.port ?? 0,
      mqtts: addresses.mqtts?.port ?? 0,
      mqtt: addresses.mqtt?.port ?? 0,
    };
    return hub;
  }

  /** The hub's own process id (the launcher becomes the hub); under a wrapper, its child's. */
  get pid(): number {
    const pid = this.#child.pid ?? 0;
    const children = `/proc/${pid}/task/${pid}/children`;
    if (!this.#isWrapped || !existsSync(children)) return pid;
    return Number(readFileSync(children, 'utf8').trim().split(' ')[0]) || pid;
  }

  /** Sends a signal and resolves with the exit code once the process is gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return this.#child.exitCode;
    const exited = once(this.#child, 'exit');
    process.kill(this.pid, signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Lets time pass at once, for a hub with a `clockMs`. */
  advance(durationMs: number): Promise<void> {
    return this.#order(`advance ${durationMs}`);
  }

  /** Sets the wall clock, for a hub with a `clockMs`. */
  step(toMs: number): Promise<void> {
    return this.#order(`step ${toMs}`);
  }

  #order(line: string): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#child.stdin?.write(`${line}\n`);
    });
  }

  get(path: string): Promise<unknown> {
    return this.call('GET', path);
  }

  /** Calls the REST API as the local owner, over the control socket. */
  call(method: string, path: string, body?: unknown): Promise<unknown> {
    const socketPath = controlSocketPath(this.directory);
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath, method, path, headers: { 'content-type': 'application/json' } },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            if ((response.statusCode ?? 500) >= 400)
              reject(new Error(`${method} ${path}: ${text}`));
            else resolve(text === '' ? undefined : JSON.parse(text));
          });
        },
      );
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
