import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import type { Hub } from '#main';
import { runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { itWith } from '../support/peers.ts';
import { ask, startHub } from './home.ts';

interface House {
  readonly hub: Hub;
  readonly directory: string;
  readonly token: string;
  readonly ca: string;
}

async function openHouse(): Promise<House> {
  const directory = await temporaryDirectory();
  const hub = await startHub(directory);
  onTestFinished(() => hub.stop());
  const made = await ask<{ token: string }>(hub, 'POST', '/tokens', {
    name: 'agent',
    role: 'service',
  });
  const ca = await (await hub.request(new Request('http://hub/ca.crt'))).text();
  return { hub, directory, token: made.token, ca };
}

/** Sends what a program sent, headers and body as they were, over the real listener. */
function post(
  { hub, ca }: House,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request({
    host: 'localhost',
    port: hub.addresses.https?.port,
    ca,
    method: 'POST',
    path,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  });
  sent.once('response', (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  sent.once('error', reject);
  sent.end(body);
  return promise;
}

const latest = (hub: Hub, id: string) =>
  ask<Record<string, unknown>>(hub, 'GET', `/devices/${id}/telemetry/latest`);

const nowNs = () => `${Date.now()}000000`;

it('takes what Telegraf writes to InfluxDB 2: gzip, a token, nanoseconds', async () => {
  const house = await openHouse();
  const lines = [
    `cpu,cpu=cpu-total,host=pi usage_idle=97.9,usage_user=1.4,usage_system=0.7 ${nowNs()}`,
    `mem,host=pi available=3489562624i,used_percent=12.5 ${nowNs()}`,
    `system,host=pi uptime_format="1 day,  2:10" ${nowNs()}`,
  ];
  const status = await post(
    house,
    '/api/v2/write?bucket=home&org=home',
    {
      'User-Agent': 'Telegraf/1.33.0 Go/1.23.3',
      Authorization: `Token ${house.token}`,
      'Content-Encoding': 'gzip',
      'Content-Type': 'text/plain; charset=utf-8',
    },
    gzipSync(`${lines.join('\n')}\n`),
  );
  expect(status).toBe(204);
  expect(await latest(house.hub, 'cpu-cpu-total-pi')).toMatchObject({ usage_idle: 97.9 });
  expect(await latest(house.hub, 'mem-pi')).toMatchObject({ available: 3489562624 });
  expect(await latest(house.hub, 'system-pi')).toMatchObject({ uptime_format: '1 day,  2:10' });
});

it('takes what Telegraf writes to InfluxDB 1: a user and a password', async () => {
  const house = await openHouse();
  const status = await post(
    house,
    '/write?consistency=any&db=telegraf&precision=ns&rp=',
    {
      'User-Agent': 'Telegraf/1.33.0 Go/1.23.3',
      Authorization: `Basic ${Buffer.from(`telegraf:${house.token}`).toString('base64')}`,
      'Content-Encoding': 'gzip',
      'Content-Type': 'text/plain; charset=utf-8',
    },
    gzipSync(`disk,device=sda1,fstype=ext4,mode=rw,path=/ free=5i ${nowNs()}\n`),
  );
  expect(status).toBe(204);
  const { devices } = await ask<{ devices: { id: string }[] }>(house.hub, 'GET', '/devices');
  expect(devices).toMatchObject([{ id: expect.stringMatching(/^disk-sda1-ext4-rw-[0-9a-f]{6}$/) }]);
});

it('takes what Tasmota writes, with the key of the device itself', async () => {
  const house = await openHouse();
  const { api_key } = await ask<{ api_key: string }>(house.hub, 'POST', '/devices', {
    id: 'boiler',
  });
  const headers = {
    'User-Agent': 'Tasmota/14.4.1 (ESP32-D0WD-V3 v3.0)',
    Authorization: `Token ${api_key}`,
    'Content-Type': 'text/plain',
  };
  const lines = [
    'power1,device=tasmota_5A2B,sensor=device value=1',
    'power,device=tasmota_5A2B,sensor=energy value=1840',
    'temperature,device=tasmota_5A2B,sensor=ds18b20,id=01144A0CB2AA value=22.63',
  ];
  const paths = ['/api/v2/write?org=home&bucket=home', `/write?db=db&u=boiler&p=${api_key}`];
  for (const path of paths) expect(await post(house, path, headers, lines.join('\n'))).toBe(204);
  expect(await latest(house.hub, 'boiler')).toMatchObject({
    power1: 1,
    power: 1840,
    temperature: 22.63,
  });
});

itWith('curl')(
  'takes what curl writes, as in the documentation of InfluxDB',
  { timeout: 30_000 },
  async () => {
    const house = await openHouse();
    const ca = join(house.directory, 'ca.pem');
    await writeFile(ca, house.ca);
    const sent = await runProgram('curl', [
      ...['-sS', '--cacert', ca, '-w', '%{http_code}'],
      ...['--request', 'POST', '--header', `Authorization: Token ${house.token}`],
      ...['--data-raw', 'home,room=Kitchen temp=21.5,hum=36.4'],
      `https://localhost:${house.hub.addresses.https?.port}/api/v2/write?org=o&bucket=b&precision=s`,
    ]);
    expect([sent.code, sent.output, sent.errors]).toEqual([0, '204', '']);
    expect(await latest(house.hub, 'home-Kitchen')).toMatchObject({ temp: 21.5, hum: 36.4 });
  },
);
