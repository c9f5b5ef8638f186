import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { HubProcess } from '../support/hub-process.ts';
import { registerDevice } from '../support/plain-device.ts';
import { RawClient } from '../support/raw-client.ts';
import { itOnSmallDisk, SmallDisk } from '../support/small-disk.ts';
import {
  type Bench,
  noonUs,
  rowsOf,
  send,
  startTelemetry,
  stopTelemetry,
  store,
} from '../telemetry/support.ts';

const dayUs = 86_400e6;
const all = { startUs: noonUs - 10 * dayUs, endUs: noonUs + dayUs };
/** Texts of which none is like another, so that nothing makes them smaller. */
const noise = (seed: number): string =>
  Buffer.from(Float64Array.from({ length: 24 }, (_, n) => Math.sin(seed * 61 + n)).buffer).toString(
    'base64',
  );

/** A device that publishes its readings one after the other, and knows which were acknowledged. */
class Publisher {
  readonly acknowledged = new Set<number>();
  readonly #open: () => Promise<RawClient>;
  #client: RawClient | undefined;
  #next = 1;

  constructor(open: () => Promise<RawClient>) {
    this.#open = open;
  }

  /** Publishes a reading; answers whether it was acknowledged before the connection ended. */
  async publish(): Promise<boolean> {
    const client = this.#client ?? (await this.#open());
    this.#client = client;
    const number = this.#next++;
    const timestamp = new Date(Date.now() - 3_600_000 + number).toISOString();
    const isTaken = await new Promise<boolean>((resolve) => {
      client.onPacket = (packet) => resolve(packet.cmd === 'puback');
      client.onClose = () => resolve(false);
      const reading = { number, noise: noise(number), timestamp };
      client.publish('devices/plug/telemetry', JSON.stringify(reading), (number % 65_535) + 1);
    });
    if (isTaken) this.acknowledged.add(number);
    else this.#client = undefined;
    return isTaken;
  }

  end(): void {
    this.#client?.end();
    this.#client = undefined;
  }
}

itOnSmallDisk(
  'a hub on a full disk acknowledges nothing, loses nothing, and goes on when there is room',
  { timeout: 120_000 },
  async () => {
    const disk = new SmallDisk('64m');
    const directory = join(disk.path, 'data');
    const environment = {
      HEARTH_TELEMETRY_FREE_DISK_MB: '0',
      HEARTH_TELEMETRY_SEAL_POINTS: '2000',
    };
    let hub = await HubProcess.start({ directory, environment });
    const password = await registerDevice(hub, 'plug');
    const added = await hub.call('POST', '/api/v1/devices', { id: 'over-http' });
    const key = (added as { api_key: string }).api_key;
    const post = async (n: number) => {
      const response = await fetch(`http://127.0.0.1:${hub.ports.http}/api/v1/devices/telemetry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: JSON.stringify({ n, noise: noise(n) }),
      });
      await response.arrayBuffer();
      return response.status;
    };
    const plug = new Publisher(() =>
      RawClient.connect({ port: hub.ports.mqtt, id: 'plug', username: 'plug', password }),
    );
    for (let n = 0; n < 200; n++) expect(await plug.publish()).toBe(true);
    expect(await post(1)).toBe(201);
    disk.fill(64 * 1024);
    let attempts = 0;
    while (await plug.publish()) expect(attempts++).toBeLessThan(10_000);
    // Whatever is left in the last page of a file is taken up too.
    while ((await post(2)) === 201) expect(attempts++).toBeLessThan(10_000);
    expect(await post(3)).toBe(507);
    expect(await plug.publish()).toBe(false);
    const acknowledged = plug.acknowledged.size;
    expect(await plug.publish()).toBe(false);
    disk.clear();
    await expect.poll(() => plug.publish(), { timeout: 20_000 }).toBe(true);
    expect(await post(4)).toBe(201);
    for (let n = 0; n < 200; n++) expect(await plug.publish()).toBe(true);
    expect(plug.acknowledged.size).toBeGreaterThan(acknowledged + 200);
    const numbers = async () => {
      const path = '/api/v1/devices/plug/telemetry?start=-1d&fields=number&limit=1000000';
      const { data } = (await hub.get(path)) as { data: { number: number }[] };
      return new Set(data.map(({ number }) => number));
    };
    const incidents = async () =>
      ((await hub.get('/api/v1/storage')) as { incidents: unknown[] }).incidents;
    expect((await numbers()).isSupersetOf(plug.acknowledged)).toBe(true);
    plug.end();
    await hub.end('SIGKILL');
    hub = await HubProcess.start({ directory, environment });
    expect((await numbers()).isSupersetOf(plug.acknowledged)).toBe(true);
    expect(await incidents()).toEqual([]);
    expect(await hub.end()).toBe(0);
  },
);

const numbersOf = async ({ telemetry }: Bench) =>
  (await rowsOf(telemetry, { deviceId: 'plug', ...all, fields: ['n'] })).map((row) => row.n);
const filesOf = ({ directory }: Bench) => readdirSync(join(directory, 'telemetry', 'raw')).sort();

/** Telemetry on a disk of its own, with readings of three days that no one can press together. */
async function fillDays(disk: SmallDisk, compacted: boolean): Promise<Bench> {
  const bench = await startTelemetry({
    directory: disk.path,
    config: { 'telemetry.free_disk_mb': 0, 'limits.messages_per_second': 1e6 },
  });
  for (let part = 0; part < 3; part++) {
    const body = Array.from({ length: 1000 }, (_, n) => ({
      ts: noonUs - (3 - part) * dayUs + n * 1e6,
      n: part * 1000 + n,
      noise: noise(part * 1000 + n),
    }));
    await store(bench.telemetry, 'plug', body);
    await store(bench.telemetry, 'other', body);
    await bench.telemetry.seal();
  }
  if (compacted) await bench.telemetry.compact();
  return bench;
}

const expected = Array.from({ length: 3000 }, (_, n) => n);

itOnSmallDisk(
  'compaction that finds no room leaves all as it was, and is done when there is some',
  { timeout: 60_000 },
  async () => {
    const disk = new SmallDisk('32m');
    const bench = await fillDays(disk, false);
    const before = filesOf(bench);
    disk.fill(600 * 1024);
    await expect(bench.telemetry.compact()).rejects.toThrow();
    expect(filesOf(bench)).toEqual(before);
    expect(await numbersOf(bench)).toEqual(expected);
    // A day later it is time for it, and there still is no room: nobody hears of that but the log.
    bench.clock.step(bench.clock.nowMs() + 86_400_000);
    bench.clock.advance(30_000);
    await bench.telemetry.storage();
    disk.clear();
    bench.clock.advance(3_600_000);
    const sealed = async () => (await bench.telemetry.storage()).sealedFiles;
    await expect.poll(sealed, { timeout: 20_000 }).toBe(0);
    expect(await numbersOf(bench)).toEqual(expected);
    await stopTelemetry(bench);
    const after = await startTelemetry({ directory: disk.path });
    expect(await numbersOf(after)).toEqual(expected);
    expect(await after.telemetry.incidents()).toEqual([]);
  },
);

itOnSmallDisk(
  'deletion that finds no room is hidden at once, and is done when there is some',
  { timeout: 60_000 },
  async () => {
    const disk = new SmallDisk('32m');
    const bench = await fillDays(disk, true);
    const { telemetry } = bench;
    disk.fill(300 * 1024);
    const request = {
      deviceId: 'plug',
      startUs: all.startUs,
      endUs: noonUs - dayUs,
      actor: 'local',
    };
    await expect(telemetry.erase(request)).rejects.toMatchObject({
      code: expect.stringMatching(/^storage_/),
    });
    expect(await numbersOf(bench)).toEqual(expected.slice(2000));
    const receipt = send(telemetry, 'plug', { ts: noonUs - 1, n: -1 });
    disk.clear();
    await receipt.committed?.catch(() => {});
    await telemetry.erased();
    const left = (await numbersOf(bench)).filter((n) => n !== -1);
    expect(left).toEqual(expected.slice(2000));
    await telemetry.compact();
    expect((await numbersOf(bench)).filter((n) => n !== -1)).toEqual(expected.slice(2000));
    expect(await telemetry.incidents()).toEqual([]);
  },
);
