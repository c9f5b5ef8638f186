import type { Qos } from './packets.ts';
import { FieldReader } from './reader.ts';
import { checkFilter } from './topics.ts';
import { ProtocolViolation } from './violation.ts';

/**
 * Checks a SUBSCRIBE, §3.8, before Aedes reads it; returns its packet identifier.
 * @throws ProtocolViolation
 */
export function checkSubscribe(frame: Buffer, bodyStart: number): number {
  const reader = new FieldReader(frame, bodyStart);
  const packetId = reader.packetId();
  if (reader.done) throw new ProtocolViolation('SUBSCRIBE without a filter [MQTT-3.8.3-3]');
  while (!reader.done) {
    checkFilter(reader.text('topic filter'));
    const qos = reader.byte('requested QoS');
    if (qos > 2) throw new ProtocolViolation('a requested QoS above 2 [MQTT-3-8.3-4]');
  }
  return packetId;
}

/**
 * Checks an UNSUBSCRIBE, §3.10; returns its packet identifier.
 * @throws ProtocolViolation
 */
export function checkUnsubscribe(frame: Buffer, bodyStart: number): number {
  const reader = new FieldReader(frame, bodyStart);
  const packetId = reader.packetId();
  if (reader.done) throw new ProtocolViolation('UNSUBSCRIBE without a filter [MQTT-3.10.3-2]');
  while (!reader.done) checkFilter(reader.text('topic filter'));
  return packetId;
}

/** The lower of what a message was sent with and what a subscription was granted [MQTT-3.8.4-6]. */
export const lowerQos = (a: Qos, b: Qos): Qos => (a < b ? a : b);
