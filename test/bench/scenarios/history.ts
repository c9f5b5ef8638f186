import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HubProcess } from '../../support/hub-process.ts';
import { plugMessage, registerPlugs } from '../fleet.ts';
import type { Filled } from '../history/fill.ts';
import { startHomeAssistant } from '../history/home-assistant.ts';
import { startInfluxdb } from '../history/influxdb.ts';
import { type HistoryPeer, timed } from '../history/peer.ts';
import { startPostgresql } from '../history/postgresql.ts';
import { deviceCount, deviceId, metrics, minuteMs, minutesPerDay } from '../history/year.ts';
import { load, residentMb } from '../peers.ts';
import type { Goal, Scenario } from '../scenario.ts';

const dayMs = 86_400_000;
const peerDays = 14;
const monthDays = 30;
const asked = deviceId(7);
const runs = 40;
/** The first answers open files; what a chart feels like comes after. */
const warmUps = 10;

/** Raw readings are kept for the whole year, so that a chart of any day is one of raw readings. */
const settings = {
  HEARTH_HOME_TIME_ZONE: 'UTC',
  HEARTH_TELEMETRY_RETENTION_DAYS: '400',
};

/**
 * Years of history: a home's past is loaded, asked for, and asked for again while 5,000 messages a
 * second come in; the same home's last two weeks in the stores that people use for it today.
 */
export const history: Scenario = {
  name: 'history',
  async run({ directory, seconds, days }) {
    const endMs = Math.floor(Date.now() / dayMs) * dayMs;
    const data = join(directory, 'hub');
    await mkdir(data, { recursive: true });
    const filled = await fill(data, days, endMs);
    const rows: [string, string | number][] = [
      ['readings loaded', filled.points],
      ['loaded, a second', Math.round(filled.points / filled.seconds)],
      ['last compaction, s', filled.compactionSeconds.toFixed(1)],
    ];
    const goals: Goal[] = [
      [
        'memory that telemetry takes while a year is loaded, at its peak, MB',
        filled.grownMb,
        'under',
        256,
      ],
    ];

    const hub = await HubProcess.start({ directory: data, environment: settings });
    for (let device = 0; device < deviceCount; device++) {
      await hub.call('POST', '/api/v1/devices', { id: deviceId(device), type: 'generic' });
    }
    const { tiers } = (await hub.get('/api/v1/storage')) as {
      tiers: { tier: string; bytes: number; points: number }[];
    };
    const raw = tiers.find(({ tier }) => tier === 'raw') ?? { bytes: 0, points: 1 };
    const allBytes = tiers.reduce((sum, tier) => sum + tier.bytes, 0);
    goals.push(['bytes a raw reading', raw.bytes / raw.points, 'under', 3]);
    rows.push(['bytes a reading with all sums', (allBytes / raw.points).toFixed(2)]);

    const questions = questionsFor(hub, days, endMs);
    for (const { name, ask, limitMs } of questions) {
      goals.push([`${name}, p95 ms`, p95(await timed(runs, ask)), 'under', limitMs]);
    }
    const clients = await registerPlugs(hub, 50);
    const busy = load({
      port: hub.ports.mqtt,
      connections: 50,
      seconds,
      rate: 5000,
      payload: plugMessage,
      clients,
    });
    let peakMb = 0;
    let isOver = false;
    const during = busy.finally(() => {
      isOver = true;
    });
    const meanwhile = questions.map(({ name }) => ({ name, timesMs: [] as number[] }));
    while (!isOver) {
      for (const [at, { ask }] of questions.entries()) {
        meanwhile[at]?.timesMs.push(...(await timed(1, ask)));
        peakMb = Math.max(peakMb, residentMb(hub.pid));
      }
    }
    const ingest = await during;
    await hub.end();
    for (const { name, timesMs } of meanwhile) {
      rows.push([`${name}, p95 ms, while 5,000 messages/s come in`, p95(timesMs).toFixed(1)]);
    }
    rows.push(['messages/s meanwhile', Math.round(ingest.perSecond)]);
    rows.push(['resident memory of the hub meanwhile, MB', Math.round(peakMb)]);
    goals.push(['PUBACK p99 meanwhile, ms', ingest.p99Ms, 'under', 100]);
    await rm(data, { recursive: true, force: true });
    for (const start of [startInfluxdb, startPostgresql, startHomeAssistant]) {
      const peer = await start();
      if (peer !== undefined) rows.push(...(await peerRows(peer, Math.min(days, peerDays), endMs)));
    }
    return { title: `${days} days of ${deviceCount} devices, a reading a minute`, rows, goals };
  },
};

/** Flags of bin/hearth that memory depends on. */
const asTheHub = ['--max-semi-space-size=8', '--max-old-space-size=256'];

async function fill(directory: string, days: number, endMs: number): Promise<Filled> {
  const script = fileURLToPath(new URL('../history/fill.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [...asTheHub, script, directory, String(days), String(endMs)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...settings, MALLOC_ARENA_MAX: '2' },
    },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Filled;
}

function questionsFor(hub: HubProcess, days: number, endMs: number) {
  const iso = (ms: number) => new Date(ms).toISOString();
  const dayStartMs = endMs - Math.min(days, 20) * dayMs;
  const rawDay = `/api/v1/devices/${asked}/telemetry?fields=power&start=${iso(dayStartMs)}&end=${iso(dayStartMs + dayMs)}`;
  const year = `/api/v1/devices/${asked}/telemetry?fields=power&interval=1d&start=${iso(endMs - days * dayMs)}&end=${iso(endMs)}`;
  const month = `/api/v1/telemetry/statistics?start=${iso(endMs - Math.min(days, monthDays) * dayMs)}&end=${iso(endMs)}`;
  return [
    { name: '24 h of one metric, raw', ask: () => hub.get(rawDay), limitMs: 20 },
    { name: 'a year of one metric by the day', ask: () => hub.get(year), limitMs: 30 },
    { name: 'statistics of 30 devices over a month', ask: () => hub.get(month), limitMs: 150 },
  ];
}

async function peerRows(
  peer: HistoryPeer,
  days: number,
  endMs: number,
): Promise<[string, string][]> {
  const startMs = endMs - days * dayMs;
  try {
    const minutes = (days * dayMs) / minuteMs;
    const beganMs = performance.now();
    const bytes = await peer.fill(startMs, minutes);
    const points = days * minutesPerDay * deviceCount * metrics.length;
    const perSecond = (points / (performance.now() - beganMs)) * 1000;
    const times = [
      await peer.rawDay(asked, startMs, runs),
      await peer.daily(asked, startMs, endMs, runs),
      await peer.statistics(Math.max(startMs, endMs - monthDays * dayMs), endMs, runs),
    ].map((timesMs) => p95(timesMs).toFixed(1));
    return [
      [`${peer.name}, ${days} days: loaded, a second`, String(Math.round(perSecond))],
      [`${peer.name}: bytes a reading`, (bytes / points).toFixed(1)],
      [`${peer.name}: 24 h raw / by the day / statistics, p95 ms`, times.join(' / ')],
    ];
  } finally {
    await peer.stop();
  }
}

function p95(timesMs: readonly number[]): number {
  const warm = timesMs.slice(timesMs.length > 2 * warmUps ? warmUps : 1).sort((a, b) => a - b);
  return warm[Math.ceil(0.95 * warm.length) - 1] ?? Number.NaN;
}
