import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Ended, runHearth } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { connectNewDevice } from '../support/plain-device.ts';

const freePorts = {
  HEARTH_HTTP_PORT: '0',
  HEARTH_HTTPS_PORT: '0',
  HEARTH_MQTTS_PORT: '0',
  HEARTH_LOG_LEVEL: 'error',
  HEARTH_DASHBOARD_BUILD: 'false',
};

const startIn = (directory: string, environment: Record<string, string> = {}): Promise<Ended> =>
  runHearth(['start', '--data', directory], { ...freePorts, ...environment });

/** One line that names what is wrong and what to do, and an exit code that says it failed. */
function expectRefusal(ended: Ended, ...words: RegExp[]): void {
  expect(ended.code).toBeGreaterThan(0);
  expect(ended.output).toBe('');
  expect(ended.errors.trim().split('\n')).toHaveLength(1);
  for (const word of words) expect(ended.errors).toMatch(word);
}

it('refuses a data directory in which another hub runs', async () => {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  onTestFinished(async () => void (await hub.end()));
  expectRefusal(await startIn(directory), /another hub is using/, /--data/);
});

it('refuses a port that is taken, names the setting and leaves nothing listening', async () => {
  const taken = createServer().listen(0, '0.0.0.0');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const directory = await temporaryDirectory();
  for (const [variable, setting] of [
    ['HEARTH_HTTPS_PORT', /https\.port|HEARTH_HTTPS_PORT/],
    ['HEARTH_MQTTS_PORT', /mqtts\.port|HEARTH_MQTTS_PORT/],
  ] as const) {
    expectRefusal(await startIn(directory, { [variable]: port }), new RegExp(port), setting);
  }
  // The same directory starts a moment later.
  const hub = await HubProcess.start({ directory });
  expect(await hub.end()).toBe(0);
});

it('refuses a directory that it cannot make, and makes nothing', async () => {
  const parent = await temporaryDirectory();
  await writeFile(join(parent, 'file'), '');
  expectRefusal(await startIn(join(parent, 'file', 'data')), /cannot be used/, /HEARTH_DATA/);
  expect(await readdir(parent)).toEqual(['file']);
});

it.each([
  ['HEARTH_HTTP_PORT', '70000', /http\.port/, /70000/],
  ['HEARTH_HOME_TIME_ZONE', 'Mars/Olympus', /home\.time_zone/, /Mars/],
  ['HEARTH_TLS_MIN_VERSION', '1.1', /tls\.min_version/, /1\.1/],
])('refuses %s=%s, naming the setting and the value', async (variable, value, ...words) => {
  const directory = join(await temporaryDirectory(), 'data');
  expectRefusal(await startIn(directory, { [variable]: value }), ...words);
});

it('refuses a setting that does not exist in config.json', async () => {
  const directory = await temporaryDirectory();
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.json'), '{"http.prot": 80}');
  expectRefusal(await startIn(directory), /http\.prot/);
});

it('stops within five seconds of SIGTERM under load, with exit code 0 and nothing lost', async () => {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  const client = await connectNewDevice(hub, 'plug');
  let sent = 0;
  let acknowledged = 0;
  const send = () => {
    sent++;
    client.publish('devices/plug/telemetry', `{"number":${sent}}`, (sent % 65_535) + 1);
  };
  const enough = new Promise<void>((resolve) => {
    client.onPacket = () => {
      acknowledged++;
      send();
      if (acknowledged === 500) resolve();
    };
  });
  for (let i = 0; i < 20; i++) send();
  await enough;
  const startMs = performance.now();
  expect(await hub.end('SIGTERM')).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(5000);
  const again = await HubProcess.start({ directory });
  const { total_points } = (await again.get('/api/v1/devices/plug/telemetry?limit=100000')) as {
    total_points: number;
  };
  expect(total_points).toBeGreaterThanOrEqual(acknowledged);
  expect(await again.end('SIGINT')).toBe(0);
});
