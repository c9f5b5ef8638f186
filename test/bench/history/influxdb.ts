import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, freePort, stopped } from '../peers.ts';
import { type HistoryPeer, timed } from './peer.ts';
import { bytesUnder } from './size.ts';
import { deviceId, home, minuteMs } from './year.ts';

const linesAtOnce = 10_000;

/** Debian's InfluxDB 1.6 with its defaults, or nothing where it is not installed. */
export async function startInfluxdb(): Promise<HistoryPeer | undefined> {
  if (spawnSync('influxd', ['version']).error !== undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'influxdb-'));
  const [port, ownPort] = [await freePort(), await freePort()];
  const config = join(directory, 'influxdb.conf');
  await writeFile(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${ownPort}"
[meta]
dir = "${directory}/meta"
[data]
dir = "${directory}/data"
wal-dir = "${directory}/wal"
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
[monitor]
store-enabled = false
`,
  );
  const child = spawn('influxd', ['-config', config], { stdio: 'ignore' });
  await answering(port);
  return new Influxdb(directory, port, child);
}

class Influxdb implements HistoryPeer {
  readonly name = 'InfluxDB 1.6';
  readonly #directory: string;
  readonly #address: string;
  readonly #child: ChildProcess;

  constructor(directory: string, port: number, child: ChildProcess) {
    this.#directory = directory;
    this.#address = `http://127.0.0.1:${port}`;
    this.#child = child;
  }

  async fill(startMs: number, minutes: number): Promise<number> {
    await this.#query('CREATE DATABASE home');
    let lines: string[] = [];
    for (const { at, device, row } of home(minutes)) {
      const fields = Object.entries(row).map(([name, value]) => `${name}=${value}`);
      const seconds = (startMs + at * minuteMs) / 1000;
      lines.push(`home,device_id=${deviceId(device)} ${fields.join(',')} ${seconds}`);
      if (lines.length < linesAtOnce) continue;
      await this.#write(lines);
      lines = [];
    }
    if (lines.length > 0) await this.#write(lines);
    return bytesUnder(this.#directory);
  }

  rawDay(device: string, startMs: number, runs: number): Promise<number[]> {
    const where = during(startMs, startMs + 86_400_000, device);
    return timed(runs, () => this.#query(`SELECT power FROM home WHERE ${where}`));
  }

  daily(device: string, startMs: number, endMs: number, runs: number): Promise<number[]> {
    const where = during(startMs, endMs, device);
    const asked = 'mean(power), min(power), max(power)';
    return timed(runs, () =>
      this.#query(`SELECT ${asked} FROM home WHERE ${where} GROUP BY time(1d)`),
    );
  }

  statistics(startMs: number, endMs: number, runs: number): Promise<number[]> {
    const asked = ['count', 'min', 'max', 'mean'].map((name) => `${name}(*)`).join(', ');
    const where = during(startMs, endMs);
    return timed(runs, () =>
      this.#query(`SELECT ${asked} FROM home WHERE ${where} GROUP BY device_id`),
    );
  }

  async stop(): Promise<void> {
    await stopped(this.#child);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #query(text: string): Promise<void> {
    const body = new URLSearchParams({ q: text, db: 'home', epoch: 'ms' });
    await answered(await fetch(`${this.#address}/query`, { method: 'POST', body }));
  }

  async #write(lines: readonly string[]): Promise<void> {
    const body = lines.join('\n');
    await answered(
      await fetch(`${this.#address}/write?db=home&precision=s`, { method: 'POST', body }),
    );
  }
}

async function answered(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok || text.includes('"error"')) throw new Error(text.slice(0, 200));
}

const during = (startMs: number, endMs: number, device?: string): string =>
  `time >= ${startMs}ms AND time < ${endMs}ms${device === undefined ? '' : ` AND device_id = '${device}'`}`;
