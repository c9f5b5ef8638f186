import { HubProcess } from '../../support/hub-process.ts';
import type { Scenario } from '../scenario.ts';

const dayS = 86_400;
const batchReadings = 1000;

/** A day of one device at one reading a second, asked for in one-minute buckets. */
export const query: Scenario = {
  name: 'query',
  async run({ directory }) {
    const hub = await HubProcess.start({
      directory,
      environment: { HEARTH_LIMITS_MESSAGES_PER_SECOND: '1000000' },
    });
    const { api_key } = (await hub.call('POST', '/api/v1/devices', {
      id: 'plug',
      type: 'plug',
    })) as {
      api_key: string;
    };
    const endS = Math.floor(Date.now() / 1000);
    for (let first = endS - dayS; first < endS; first += batchReadings) {
      const readings = Array.from({ length: Math.min(batchReadings, endS - first) }, (_, i) => ({
        timestamp: new Date((first + i) * 1000).toISOString(),
        power: 100 + ((first + i) % 60),
      }));
      const response = await fetch(`http://127.0.0.1:${hub.ports.http}/api/v1/devices/telemetry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': api_key },
        body: JSON.stringify(readings),
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    }
    const path = `/api/v1/devices/plug/telemetry?start=${new Date((endS - dayS) * 1000).toISOString()}&end=${new Date(endS * 1000).toISOString()}&interval=1m&fields=power`;
    const timesMs: number[] = [];
    let buckets = 0;
    for (let run = 0; run < 40; run++) {
      const startMs = performance.now();
      const answer = (await hub.get(path)) as { data: unknown[] };
      if (run >= 10) timesMs.push(performance.now() - startMs);
      buckets = answer.data.length;
    }
    await hub.end();
    timesMs.sort((a, b) => a - b);
    return {
      title: '24 hours of one device at a reading a second, in 1-minute buckets, over HTTP, warm',
      rows: [
        ['readings', dayS],
        ['buckets', buckets],
        ['p50, ms', (timesMs[15] ?? 0).toFixed(1)],
      ],
      goals: [['p95, ms', timesMs[28] ?? 0, 'under', 50]],
    };
  },
};
