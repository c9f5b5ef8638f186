/** Control packet types, MQTT 3.1.1 §2.2.1. */
export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** First bytes of the four acknowledgments, their fixed flags included. */
export const acknowledgment = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

/** CONNACK return codes, §3.2.2.3. */
export const returnCode = {
  accepted: 0,
  unacceptableProtocol: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badCredentials: 4,
  notAuthorized: 5,
} as const;

export type ReturnCode = (typeof returnCode)[keyof typeof returnCode];

export type Qos = 0 | 1 | 2;

/** SUBACK's answer to a filter that is refused, §3.9.3. */
export const subscriptionRefused = 0x80;

export const pingResponse = Buffer.from([packetType.pingresp << 4, 0]);

/** A refusal says nothing about a session [MQTT-3.2.2-4]. */
export const connackRefusal = (code: ReturnCode): Buffer =>
  Buffer.from([packetType.connack << 4, 2, 0, code]);

/** PUBACK, PUBREC, PUBREL or PUBCOMP for `packetId`. */
export const acknowledge = (first: number, packetId: number): Buffer =>
  Buffer.from([first, 2, packetId >> 8, packetId & 0xff]);

/** A PUBLISH that is neither retained nor a duplicate, §3.3; `packetId` counts for QoS 1 alone. */
export function publish(topic: string, payload: Buffer, qos: 0 | 1, packetId: number): Buffer {
  const name = Buffer.from(topic);
  const identifier = qos === 0 ? [] : [packetId >> 8, packetId & 255];
  const length = 2 + name.length + identifier.length + payload.length;
  return Buffer.concat([
    Buffer.from([(packetType.publish << 4) | (qos << 1), ...encodeLength(length)]),
    Buffer.from([name.length >> 8, name.length & 255]),
    name,
    Buffer.from(identifier),
    payload,
  ]);
}

/**
 * The CONNECT that Aedes sees: who the client is has been settled, its keep alive and its will are
 * looked after here, so that only its name and the kind of its session are left to say.
 */
export function plainConnect(clientId: string, clean: boolean): Buffer {
  const id = Buffer.from(clientId);
  const variableHeader = [0, 4, 0x4d, 0x51, 0x54, 0x54, 4, clean ? 2 : 0, 0, 0];
  const body = Buffer.concat([
    Buffer.from([...variableHeader, id.length >> 8, id.length & 255]),
    id,
  ]);
  return Buffer.concat([
    Buffer.from([packetType.connect << 4, ...encodeLength(body.length)]),
    body,
  ]);
}

/** The remaining length of a fixed header, seven bits a byte, §2.2.3. */
export function encodeLength(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    const digit = rest & 0x7f;
    rest >>= 7;
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return bytes;
}
