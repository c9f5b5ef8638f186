import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, type onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { connectNewDevice } from '../support/plain-device.ts';

/** What a bad disk or a power cut does to a file. */
const damages: Record<string, (path: string) => Promise<void>> = {
  truncated: async (path) => truncate(path, Math.floor((await stat(path)).size / 2)),
  'zero-filled': async (path) => {
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0, Math.floor(bytes.length / 2)));
  },
  'one bit flipped': async (path) => {
    const bytes = await readFile(path);
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await writeFile(path, bytes);
  },
};

/** Where the newest file is that is damaged; the folder is below the data directory. */
const targets: Record<string, { folder: string; file: RegExp }> = {
  "the journal's WAL": { folder: 'telemetry', file: /journal\.db-wal$/ },
  'the journal itself': { folder: 'telemetry', file: /journal\.db$/ },
  'the newest Parquet file': { folder: 'telemetry', file: /\.parquet$/ },
  'the log of the MQTT store': { folder: 'mqtt', file: /\d+\.log$/ },
};

async function newest(directory: string, file: RegExp): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const found = await Promise.all(
    names
      .filter((name) => file.test(name))
      .map(async (name) => ({
        path: join(directory, name),
        at: (await stat(join(directory, name))).mtimeMs,
      })),
  );
  const path = found.sort((a, b) => b.at - a.at)[0]?.path;
  if (path === undefined) throw new Error(`nothing in ${directory} is like ${file}`);
  return path;
}

/** Fills every store and ends the hub as a power cut would, so that nothing is tidied up. */
async function filledDirectory(whenFinished: typeof onTestFinished): Promise<string> {
  const directory = await temporaryDirectory(whenFinished);
  const hub = await HubProcess.start({
    directory,
    environment: { HEARTH_TELEMETRY_SEAL_POINTS: '300' },
  });
  const client = await connectNewDevice(hub, 'plug');
  await new Promise<void>((resolve) => {
    let acknowledged = 0;
    client.onPacket = () => ++acknowledged === 450 && resolve();
    for (let id = 1; id <= 400; id++) {
      client.publish('devices/plug/telemetry', `{"power":${id}}`, id);
    }
    for (let id = 401; id <= 450; id++) {
      client.send({
        cmd: 'publish',
        topic: 'devices/plug/status',
        payload: `{"state":"online","number":${id}}`,
        qos: 1,
        retain: true,
        dup: false,
        messageId: id,
      });
    }
  });
  // The seal runs behind the acknowledgments; it is done when a file is in the manifest.
  let files = 0;
  while (files === 0) ({ files } = (await hub.get('/api/v1/storage')) as { files: number });
  await hub.end('SIGKILL');
  client.end();
  return directory;
}

const cases = Object.keys(targets).flatMap((target) =>
  Object.keys(damages).map((damage) => [target, damage] as const),
);

it.concurrent.for(cases)(
  'starts although %s is %s, and reports what is lost',
  {
    timeout: 60_000,
  },
  async ([target, damage], { onTestFinished: whenFinished }) => {
    const directory = await filledDirectory(whenFinished);
    const { folder, file } = targets[target] as { folder: string; file: RegExp };
    await damages[damage]?.(await newest(join(directory, folder), file));
    const hub = await HubProcess.start({ directory });
    const { storage } = (await hub.get('/api/v1/status')) as {
      storage: { incidents: { kind: string; detail: string }[] };
    };
    const answer = (await hub.get('/api/v1/devices/plug/telemetry?fields=power')) as {
      data: unknown[];
    };
    expect(await hub.end()).toBe(0);
    if (folder === 'telemetry' && answer.data.length < 400) {
      expect(storage.incidents.length, 'incidents').toBeGreaterThan(0);
    }
    if (folder === 'mqtt') {
      expect(storage.incidents.map(({ kind }) => kind)).toContain('mqtt_store_damaged');
    }
  },
);
