import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, freePort, stopped } from '../peers.ts';
import type { HistoryPeer } from './peer.ts';
import { bytesUnder } from './size.ts';
import { deviceId, home, minuteMs } from './year.ts';

const programs = '/usr/lib/postgresql/15/bin';
/** PostgreSQL does not run as root. */
const asItself = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];

/** Debian's PostgreSQL 15 with its defaults, or nothing where it is not installed. */
export async function startPostgresql(): Promise<HistoryPeer | undefined> {
  if (!existsSync(`${programs}/postgres`)) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'postgresql-'));
  await chmod(directory, 0o777);
  const data = join(directory, 'data');
  const port = await freePort();
  run([...asItself, `${programs}/initdb`, '-D', data, '-A', 'trust', '-U', 'home']);
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', directory];
  const child = begin([...asItself, `${programs}/postgres`, ...options]);
  await answering(port);
  return new Postgresql(directory, port, child);
}

class Postgresql implements HistoryPeer {
  readonly name = 'PostgreSQL 15';
  readonly #directory: string;
  readonly #port: number;
  readonly #child: ChildProcess;

  constructor(directory: string, port: number, child: ChildProcess) {
    this.#directory = directory;
    this.#port = port;
    this.#child = child;
  }

  async fill(startMs: number, minutes: number): Promise<number> {
    this.#ask(`CREATE TABLE readings (device_id text, time timestamptz, power float8,
      voltage float8, temperature float8, energy_total float8, PRIMARY KEY (device_id, time))`);
    const child = spawn('psql', this.#arguments('COPY readings FROM STDIN'), {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    for (const { at, device, row } of home(minutes)) {
      const time = new Date(startMs + at * minuteMs).toISOString();
      const line = `${[deviceId(device), time, ...Object.values(row)].join('\t')}\n`;
      if (!child.stdin.write(line)) await once(child.stdin, 'drain');
    }
    child.stdin.end();
    await once(child, 'exit');
    this.#ask('VACUUM ANALYZE readings');
    this.#ask('CHECKPOINT');
    return bytesUnder(join(this.#directory, 'data/base'));
  }

  async rawDay(device: string, startMs: number, runs: number): Promise<number[]> {
    return this.#time(
      `SELECT time, power FROM readings WHERE ${during(startMs, startMs + 86_400_000, device)} ORDER BY time`,
      runs,
    );
  }

  async daily(device: string, startMs: number, endMs: number, runs: number): Promise<number[]> {
    return this.#time(
      `SELECT date_trunc('day', time) AS day, avg(power), min(power), max(power) FROM readings
       WHERE ${during(startMs, endMs, device)} GROUP BY day ORDER BY day`,
      runs,
    );
  }

  async statistics(startMs: number, endMs: number, runs: number): Promise<number[]> {
    const asked = ['power', 'voltage', 'temperature', 'energy_total']
      .map((name) => `count(${name}), min(${name}), max(${name}), avg(${name})`)
      .join(', ');
    const where = during(startMs, endMs);
    return this.#time(
      `SELECT device_id, ${asked} FROM readings WHERE ${where} GROUP BY device_id`,
      runs,
    );
  }

  async stop(): Promise<void> {
    await stopped(this.#child);
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** As psql measures it, so that starting psql does not count. */
  #time(sql: string, runs: number): number[] {
    const script = ['\\timing on', '\\o /dev/null', ...Array(runs).fill(`${sql};`)].join('\n');
    const { stdout } = spawnSync('psql', this.#arguments(), { input: script, encoding: 'utf8' });
    return [...stdout.matchAll(/^Time: ([\d.]+) ms/gm)].map((match) => Number(match[1]));
  }

  #ask(sql: string): void {
    run(['psql', ...this.#arguments(sql)]);
  }

  #arguments(sql?: string): string[] {
    const to = ['-h', '127.0.0.1', '-p', String(this.#port), '-U', 'home', '-d', 'postgres', '-qX'];
    return [...to, '-v', 'ON_ERROR_STOP=1', ...(sql === undefined ? [] : ['-c', sql])];
  }
}

function run([command = '', ...given]: readonly string[]): void {
  const { status, stderr } = spawnSync(command, given, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

const begin = ([command = '', ...given]: readonly string[]): ChildProcess =>
  spawn(command, given, { stdio: 'ignore' });

const during = (startMs: number, endMs: number, device?: string): string =>
  `time >= to_timestamp(${startMs / 1000}) AND time < to_timestamp(${endMs / 1000})` +
  (device === undefined ? '' : ` AND device_id = '${device}'`);
