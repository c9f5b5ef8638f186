import { policy } from '../limits.ts';
import { type Qos, type ReturnCode, returnCode } from './packets.ts';
import { FieldReader } from './reader.ts';
import { checkTopicName } from './topics.ts';
import { ProtocolViolation } from './violation.ts';

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface ConnectRequest {
  /** Empty when the client leaves the choice to the broker [MQTT-3.1.3-6]. */
  readonly clientId: string;
  readonly clean: boolean;
  readonly keepAliveSeconds: number;
  readonly will: Will | undefined;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
}

/** A CONNECT that is well-formed but gets a refusal, and the reason for the log. */
export interface ConnectRefusal {
  readonly code: ReturnCode;
  readonly reason: string;
}

const flag = {
  reserved: 0x01,
  clean: 0x02,
  will: 0x04,
  willRetain: 0x20,
  password: 0x40,
  username: 0x80,
};

/**
 * Reads a CONNECT, §3.1.
 * @throws ProtocolViolation when the connection is to be closed without a CONNACK.
 */
export function readConnect(frame: Buffer, bodyStart: number): ConnectRequest | ConnectRefusal {
  const reader = new FieldReader(frame, bodyStart);
  const protocol = reader.text('protocol name');
  if (protocol !== 'MQTT' && protocol !== 'MQIsdp') {
    throw new ProtocolViolation('another protocol name [MQTT-3.1.2-1]');
  }
  const level = reader.byte('protocol level');
  if (protocol !== 'MQTT' || level !== 4) {
    const reason = `protocol level ${level} of ${protocol} [MQTT-3.1.2-2]`;
    return { code: returnCode.unacceptableProtocol, reason };
  }
  const flags = readFlags(reader);
  const keepAliveSeconds = reader.uint16('keep alive');
  const clientId = reader.text('client identifier');
  const will = flags.hasWill ? readWill(reader, flags.willQos, flags.willRetain) : undefined;
  const username = flags.hasUsername ? reader.text('user name') : undefined;
  const password = flags.hasPassword ? reader.binary('password') : undefined;
  reader.end('CONNECT');
  if (clientId === '' && !flags.clean) {
    const reason = 'no client identifier for a lasting session [MQTT-3.1.3-8]';
    return { code: returnCode.identifierRejected, reason };
  }
  if (Buffer.byteLength(clientId) > policy.clientIdBytes) {
    const reason = `a client identifier of more than ${policy.clientIdBytes} bytes [MQTT-3.1.3-9]`;
    return { code: returnCode.identifierRejected, reason };
  }
  return { clientId, clean: flags.clean, keepAliveSeconds, will, username, password };
}

function readFlags(reader: FieldReader) {
  const flags = reader.byte('connect flags');
  if (flags & flag.reserved) throw new ProtocolViolation('a reserved connect flag [MQTT-3.1.2-3]');
  const hasWill = (flags & flag.will) !== 0;
  const willQos = (flags >> 3) & 3;
  const willRetain = (flags & flag.willRetain) !== 0;
  if (willQos === 3) throw new ProtocolViolation('a will with QoS 3 [MQTT-3.1.2-14]');
  if (!hasWill && willQos !== 0)
    throw new ProtocolViolation('will QoS without a will [MQTT-3.1.2-13]');
  if (!hasWill && willRetain)
    throw new ProtocolViolation('will retain without a will [MQTT-3.1.2-15]');
  const hasUsername = (flags & flag.username) !== 0;
  const hasPassword = (flags & flag.password) !== 0;
  if (hasPassword && !hasUsername) {
    throw new ProtocolViolation('a password without a user name [MQTT-3.1.2-22]');
  }
  const clean = (flags & flag.clean) !== 0;
  return { clean, hasWill, willQos: willQos as Qos, willRetain, hasUsername, hasPassword };
}

function readWill(reader: FieldReader, qos: Qos, retain: boolean): Will {
  const topic = reader.text('will topic');
  checkTopicName(topic);
  // Copied: the will outlives the packet it came in.
  const payload = Buffer.from(reader.binary('will message'));
  return { topic, payload, qos, retain };
}
