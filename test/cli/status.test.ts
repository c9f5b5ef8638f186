import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { statusPage } from '../../src/cli/status.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

const nowMs = Date.parse('2026-01-31T10:00:00Z');
const status = {
  version: '1.2.3',
  started_at: '2026-01-31T08:00:00.000Z',
  uptime_seconds: 7200,
  health: 'healthy',
  services: { database: { status: 'healthy' }, telemetry: { status: 'healthy' } },
  addresses: { http: { port: 8080 }, https: { port: 8443 }, mqtts: { port: 8883 }, mqtt: null },
  devices: { known: 9, online: 7 },
  storage: {
    points: 120,
    fileBytes: 1_400_000,
    journalBytes: 100_000,
    waitingPoints: 0,
    newestUs: (nowMs - 5000) * 1000,
    incidents: [],
  },
};
const seat = { data: '/var/lib/hearth', nowMs, host: '192.168.1.20' };

it('answers what a homeowner asks, on a page', () => {
  expect(`${statusPage(status, seat)}\n`).toBe(`hearth           1.2.3, healthy
running          2 h, since 2026-01-31T08:00:00.000Z
dashboard        https://192.168.1.20:8443
on this machine  http://localhost:8080
MQTT (TLS)       port 8883
devices          7 online of 9
readings         120 on disk, in 1.5 MB
newest reading   5 s ago (2026-01-31T09:59:55.000Z)
data             /var/lib/hearth

No problems, no incidents.
`);
});

it('names what is not well, and what happened', () => {
  const incidents = [
    { at: '2026-01-30T10:00:00.000Z', kind: 'journal_torn', detail: '3 bytes were cut' },
  ];
  const page = statusPage(
    {
      ...status,
      health: 'unhealthy',
      services: { mqtt: { status: 'unhealthy', detail: 'no MQTT listener is open' } },
      storage: { ...status.storage, incidents },
    },
    seat,
  );
  expect(page).toContain('1.2.3, unhealthy');
  expect(page).toContain('Problems\nmqtt  no MQTT listener is open');
  expect(page).toContain(
    'Incidents\n2026-01-30T10:00:00.000Z  journal_torn: 3 bytes were cut (1 d ago)',
  );
});

it('says what it knows when a part of the hub does not answer', () => {
  const page = statusPage({ ...status, storage: { error: 'the worker is gone' } }, seat);
  expect(page).toContain('readings         not known');
  expect(page).toContain('Problems\nstorage  the worker is gone');
});

it('hands everything to a program', async () => {
  const at = await CommandLine.open();
  const api = new Hono().get('/status', (context) => context.json(status));
  await listenOnSocket(at.directory, api);
  expect(await at.run('status', '--json')).toBe(0);
  const data = `${at.directory}/data`;
  expect(JSON.parse(at.output.text)).toEqual({ running: true, data, ...status });
});
