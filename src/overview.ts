import type { Audit } from '#audit';
import type { Commands } from '#commands';
import type { Db, DueQueue } from '#db';
import type { Devices } from '#devices';
import type { Broker } from '#mqtt';
import type { Probe } from '#ops';
import type { Overrides } from '#overrides';
import type { Realtime } from '#realtime';
import type { Schedules } from '#schedules';
import type { Telemetry } from '#telemetry';

interface Overseen {
  readonly db: Db;
  readonly audit: Audit;
  readonly broker: Broker;
  readonly devices: Devices;
  readonly telemetry: Telemetry;
  readonly realtime: Realtime;
  readonly due: DueQueue;
  readonly commands: Commands;
  readonly schedules: Schedules;
  readonly overrides: Overrides;
}

/** How `/health` asks each part whether it does its work: by making it do a little. */
export function probesOf({ audit, db, broker, due, telemetry }: Overseen): Probe[] {
  return [
    { name: 'database', check: async () => void db.prepare('SELECT 1').get() },
    {
      name: 'mqtt',
      check: async () =>
        broker.addresses().length > 0
          ? { status: 'healthy' }
          : { status: 'unhealthy', detail: 'no MQTT listener is open' },
    },
    {
      name: 'clock',
      check: async () =>
        due.clockIsPlausible
          ? { status: 'healthy' }
          : { status: 'degraded', detail: 'behind the last time the hub ran: schedules wait' },
    },
    {
      name: 'audit',
      check: async () => {
        const found = audit.state();
        if (found === undefined || found.ok) return { status: 'healthy' };
        return { status: 'degraded', detail: found.message };
      },
    },
    {
      name: 'telemetry',
      check: async () => {
        // Goes through the storage worker, so that one that hangs is seen.
        await telemetry.storage();
        const { status, problem } = telemetry.health();
        if (status === 'ok') return { status: 'healthy' };
        return { status: 'unhealthy', detail: problem ?? 'storage is starting' };
      },
    },
  ];
}

/** What `GET /status` says of each part. */
export const sectionsOf = (parts: Overseen) => ({
  devices: () => ({ known: parts.devices.count, online: parts.devices.onlineCount }),
  mqtt: () => parts.broker.stats(),
  live_views: () => ({ clients: parts.realtime.count }),
  storage: async () => ({
    ...parts.telemetry.health(),
    ...(await parts.telemetry.storage()),
    incidents: (await parts.telemetry.incidents()).slice(-20),
  }),
  clock: () => ({ plausible: parts.due.clockIsPlausible, waiting: parts.due.size }),
  commands: () => parts.commands.numbers(),
  schedules: () => parts.schedules.numbers(),
  overrides: () => parts.overrides.numbers(),
});
