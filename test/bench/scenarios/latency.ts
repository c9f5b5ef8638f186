import { HubProcess } from '../../support/hub-process.ts';
import { plugMessage, registerPlugs } from '../fleet.ts';
import { load, residentMb } from '../peers.ts';
import type { Scenario } from '../scenario.ts';

/** How long an acknowledgment takes, and how much memory is used, at 5,000 messages a second. */
export const latency: Scenario = {
  name: 'latency',
  async run({ directory, seconds }) {
    const hub = await HubProcess.start({ directory });
    const clients = await registerPlugs(hub, 50);
    let peakMb = 0;
    const watch = setInterval(() => {
      peakMb = Math.max(peakMb, residentMb(hub.pid));
    }, 200);
    const result = await load({
      port: hub.ports.mqtt,
      connections: 50,
      seconds,
      rate: 5000,
      payload: plugMessage,
      clients,
    });
    clearInterval(watch);
    await hub.end();
    return {
      title: `5,000 messages/s for ${seconds} s`,
      rows: [
        ['acknowledged/s', Math.round(result.perSecond)],
        ['PUBACK p50, ms', result.p50Ms.toFixed(1)],
        ['PUBACK max, ms', result.maxMs.toFixed(1)],
      ],
      goals: [
        ['PUBACK p99, ms', result.p99Ms, 'under', 50],
        ['resident memory at its peak, MB', peakMb, 'under', 250],
      ],
    };
  },
};
