import type { Db } from '#db';
import type { Devices } from '#devices';
import type { Broker } from '#mqtt';
import type { Probe } from '#ops';
import type { Realtime } from '#realtime';
import type { Telemetry } from '#telemetry';

interface Overseen {
  readonly db: Db;
  readonly broker: Broker;
  readonly devices: Devices;
  readonly telemetry: Telemetry;
  readonly realtime: Realtime;
}

/** How `/health` asks each part whether it does its work: by making it do a little. */
export function probesOf({ db, broker, telemetry }: Overseen): Probe[] {
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
export const sectionsOf = ({ broker, devices, telemetry, realtime }: Overseen) => ({
  devices: () => ({ known: devices.count, online: devices.onlineCount }),
  mqtt: () => broker.stats(),
  live_views: () => ({ clients: realtime.count }),
  storage: async () => ({
    ...telemetry.health(),
    ...(await telemetry.storage()),
    incidents: (await telemetry.incidents()).slice(-20),
  }),
});
