import { randomSecret } from '#kernel';
import type { Refusal } from '../ports.ts';
import { type Session, sameIdentity } from '../sessions/session.ts';
import type { ConnectRefusal, ConnectRequest } from '../wire/connect.ts';
import { type ReturnCode, returnCode } from '../wire/packets.ts';
import type { Connection } from './connection.ts';
import type { ConnectionContext, Origin } from './context.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface Welcome {
  readonly session: Session;
  /** Whether the session was stored from an earlier connection [MQTT-3.2.2-2]. */
  readonly present: boolean;
  readonly bucket: TokenBucket;
}

const refusalCodes: Record<Refusal['refused'], ReturnCode> = {
  identifier: returnCode.identifierRejected,
  unavailable: returnCode.serverUnavailable,
  bad_credentials: returnCode.badCredentials,
  not_authorized: returnCode.notAuthorized,
};

/**
 * Finds out who sent a CONNECT and gives them their session; an earlier connection of the same client
 * is over, its will included, before this returns [MQTT-3.1.4-2]. A client identifier, connected or
 * stored, is only ever taken over by the identity that has it, or by the device it is the name of:
 * nobody keeps a device out by having used its name before it was there.
 */
export async function welcome(
  request: ConnectRequest,
  origin: Origin,
  connection: Connection,
  context: ConnectionContext,
): Promise<Welcome | ConnectRefusal> {
  const { gate, clients, sessions, clock } = context;
  const { username, password } = request;
  const attempt = { ...origin, username, password, clientId: request.clientId };
  const identity = await gate.authenticate(attempt);
  if ('refused' in identity)
    return { code: refusalCodes[identity.refused], reason: identity.reason };
  if (connection.isOver) return { code: returnCode.serverUnavailable, reason: 'the client left' };
  const clientId = request.clientId || `hearth-${randomSecret(12)}`;
  const earlier = clients.holderOf(clientId);
  const owner = earlier?.identity ?? sessions.ownerOf(clientId);
  const isItsName = identity.kind === 'device' && identity.name === clientId;
  if (owner !== undefined && !sameIdentity(owner, identity) && !isItsName) {
    const reason = 'the client identifier is in use by another identity';
    const { remoteAddress } = origin;
    gate.denied({ action: 'connect', identity, clientId, remoteAddress, topic: '', reason });
    return { code: returnCode.identifierRejected, reason };
  }
  const bucket = clients.add(connection, clientId, identity, clock.monotonicMs());
  earlier?.connection.end('its client connected anew');
  await earlier?.connection.ended;
  const stored = sessions.ownerOf(clientId);
  if (stored !== undefined && !sameIdentity(stored, identity)) await sessions.discard(clientId);
  return { ...(await sessions.attach(clientId, identity, request.clean)), bucket };
}
