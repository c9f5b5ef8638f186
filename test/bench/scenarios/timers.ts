import { readFileSync } from 'node:fs';
import { HubProcess } from '../../support/hub-process.ts';
import type { Scenario } from '../scenario.ts';

const deviceCount = 500;
const schedulesPerDevice = 2;
/** Kernel ticks a second, as /proc counts them on every Linux that Node runs on. */
const ticksPerSecond = 100;
const restMs = 20_000;

/** What a thousand schedules and five hundred running overrides cost while nothing happens. */
export const timers: Scenario = {
  name: 'timers',
  async run({ directory }) {
    const hub = await HubProcess.start({ directory });
    const ids = Array.from({ length: deviceCount }, (_, index) => `air-${index}`);
    for (const id of ids) await purifierAtFive(hub, id);
    const before = await shareOfACore(hub.pid);
    for (const [index, id] of ids.entries()) {
      await hub.call('POST', `/api/v1/devices/${id}/override`, {
        fanSpeed: 5,
        durationMinutes: 600,
      });
      for (let nth = 0; nth < schedulesPerDevice; nth++) {
        await hub.call('POST', '/api/v1/schedules', weekly(id, index, nth));
      }
    }
    const after = await shareOfACore(hub.pid);
    await hub.end();
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
    return {
      title: `${deviceCount * schedulesPerDevice} schedules and ${deviceCount} overrides at rest`,
      rows: [
        ['of a core, without them', percent(before)],
        ['of a core, with them', percent(after)],
      ],
      goals: [['of a core, with them, %', after * 100, 'under', 1]],
    };
  },
};

/** A purifier that has reported what its override asks for: nothing has to be sent. */
async function purifierAtFive(hub: HubProcess, id: string): Promise<void> {
  const { api_key } = (await hub.call('POST', '/api/v1/devices', { id, type: 'purifier' })) as {
    api_key: string;
  };
  const response = await fetch(`http://127.0.0.1:${hub.ports.http}/api/v1/devices/telemetry`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': api_key },
    body: JSON.stringify({ powerOn: true, fanSpeed: 5 }),
  });
  if (!response.ok) throw new Error(`${id}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** A window later today or tomorrow: none begins or ends while the hub is watched. */
function weekly(id: string, index: number, nth: number): object {
  const nowMinute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes();
  const start = (nowMinute + 120 + ((index * 2 + nth * 300) % 900)) % 1440;
  const clock = (minute: number) =>
    [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return {
    device_id: id,
    days: 'daily',
    start: clock(start),
    end: clock((start + 60) % 1440),
    action: 'setFanSpeed',
    value: 3,
  };
}

async function shareOfACore(pid: number): Promise<number> {
  const ticks = () => {
    // Field 2 is the name in brackets, and may hold spaces (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  // What was just done is not what rest costs.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const [beginTicks, beginMs] = [ticks(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const seconds = (performance.now() - beginMs) / 1000;
  return (ticks() - beginTicks) / ticksPerSecond / seconds;
}
