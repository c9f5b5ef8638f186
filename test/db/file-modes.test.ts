import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '#db';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { connectNewDevice } from '../support/plain-device.ts';

/** As most shells are: what is made is for everyone to read. */
const openHanded = ['sh', '-c', 'umask 022; exec "$@"', 'sh'];

/** Each file of a directory that others than its owner may use, with its mode. */
async function openFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const modes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path, mode: (await stat(path)).mode & 0o777 };
    }),
  );
  return modes
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => `${path.slice(directory.length + 1)} ${mode.toString(8)}`);
}

it('keeps all it makes to its owner in a directory that others may look into, and says so', async () => {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o755);
  const environment = { HEARTH_TELEMETRY_SEAL_POINTS: '1' };
  const hub = await HubProcess.start({ directory, environment, wrapper: openHanded });
  onTestFinished(async () => void (await hub.end()));
  const device = await connectNewDevice(hub, 'plug');
  onTestFinished(() => device.end());
  device.publish('devices/plug/telemetry', '{"power":12}', 1);
  const sealed = async () =>
    (await readdir(directory, { recursive: true })).some((name) => name.endsWith('.parquet'));
  await expect.poll(sealed, { timeout: 10_000 }).toBe(true);

  const names = await readdir(directory, { recursive: true });
  for (const name of ['hearth.db', 'hearth.db-wal', 'hearth.db-shm', 'telemetry/journal.db']) {
    expect(names).toContain(name);
  }
  // The certificate of the authority is for everyone.
  expect(await openFiles(directory)).toEqual(['pki/ca.crt 644']);
  expect(hub.errors.join('\n')).toMatch(/others may look into the data directory.*chmod 700/s);
});

it('says nothing of a directory that is closed', async () => {
  const hub = await HubProcess.start({ directory: await temporaryDirectory() });
  expect(await hub.end()).toBe(0);
  expect(hub.errors.join('\n')).not.toContain('look into');
});

it('closes a database that was open to others, with the files beside it', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'hearth.db');
  await writeFile(path, '', { mode: 0o644 });
  await chmod(path, 0o644);
  const db = openDatabase(path);
  onTestFinished(() => void db.close());
  db.exec('CREATE TABLE t (a TEXT) STRICT');
  expect(await readdir(directory)).toEqual(['hearth.db', 'hearth.db-shm', 'hearth.db-wal']);
  expect(await openFiles(directory)).toEqual([]);
});
