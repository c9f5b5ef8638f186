import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadOptions, LoadResult } from './load.ts';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A process that is measured from outside. */
export interface Peer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startBareAedes(tls: readonly string[] = []): Promise<Peer> {
  const child = spawn(process.execPath, [script('bare-aedes.ts'), ...tls], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { port: Number(line), pid: child.pid ?? 0, stop: () => stopped(child) };
}

const mosquittoPath = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find(
  (path) => spawnSync(path, ['-h']).error === undefined,
);

/** Debian's mosquitto with its defaults and one subscriber, or nothing where it is not installed. */
export async function startMosquitto(): Promise<Peer | undefined> {
  if (mosquittoPath === undefined) return undefined;
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const file = join(directory, 'mosquitto.conf');
  await writeFile(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`,
  );
  const child = spawn(mosquittoPath, ['-c', file], { stdio: 'ignore' });
  await answering(port);
  const subscriber = spawn('mosquitto_sub', ['-p', String(port), '-t', '#', '-q', '0'], {
    stdio: 'ignore',
  });
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      await stopped(subscriber);
      await stopped(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Runs the load generator in a process of its own. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const child = spawn(process.execPath, [script('load.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as LoadResult;
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

/** Processor time a process has used so far, in seconds (clock ticks of 10 ms). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function answering(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const answered = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
