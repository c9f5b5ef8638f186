import type { BrokerStats } from './counters.ts';
import type { Message } from './routing/router.ts';

/** What the broker tells of itself every few seconds, under the names that other brokers use. */
export function systemMessages(stats: BrokerStats, uptimeSeconds: number): Message[] {
  const values = {
    version: 'hearth',
    uptime: `${Math.floor(uptimeSeconds)} seconds`,
    'clients/connected': stats.connections,
    'messages/received': stats.messagesReceived,
    'messages/sent': stats.messagesSent,
    'messages/inflight': stats.inflight,
    'retained messages/count': stats.retained,
    'subscriptions/count': stats.subscriptions,
    'bytes/received': stats.bytesReceived,
    'bytes/sent': stats.bytesSent,
  };
  return Object.entries(values).map(([name, value]) => ({
    topic: `$SYS/broker/${name}`,
    payload: Buffer.from(String(value)),
    qos: 0,
    retain: false,
  }));
}
