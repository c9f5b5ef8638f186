import { HubProcess } from '../../support/hub-process.ts';
import { anonymousClients, plugMessage, registerPlugs } from '../fleet.ts';
import { load, startBareAedes, startMosquitto } from '../peers.ts';
import type { Scenario } from '../scenario.ts';

/** Durable QoS 1 ingest beside what bare Aedes, in memory, acknowledges in the same run. */
export const throughput: Scenario = {
  name: 'throughput',
  async run({ directory, seconds }) {
    const connections = 50;
    const shape = { connections, seconds, rate: 0, payload: plugMessage };

    const bare = await startBareAedes();
    const peer = await load({ ...shape, port: bare.port, clients: anonymousClients(connections) });
    await bare.stop();

    const hub = await HubProcess.start({
      directory,
      environment: { HEARTH_LIMITS_MESSAGES_PER_SECOND: '1000000' },
    });
    const clients = await registerPlugs(hub, connections);
    const ours = await load({ ...shape, port: hub.ports.mqtt, clients });
    await hub.end();

    const mosquitto = await startMosquitto();
    const other =
      mosquitto &&
      (await load({ ...shape, port: mosquitto.port, clients: anonymousClients(connections) }));
    await mosquitto?.stop();

    return {
      title: `Durable QoS 1 ingest, ${connections} connections, 4 metrics, ${seconds} s`,
      rows: [
        ['bare Aedes, in memory, acknowledged/s', Math.round(peer.perSecond)],
        ['Hearth, on disk before PUBACK, acknowledged/s', Math.round(ours.perSecond)],
        [
          'mosquitto to one subscriber, acknowledged/s',
          other ? Math.round(other.perSecond) : 'not installed',
        ],
        ["load generator's own share of a core", ours.ownCpu.toFixed(2)],
      ],
      goals: [['ratio to bare Aedes', ours.perSecond / peer.perSecond, 'at least', 0.7]],
    };
  },
};
