import { type Caller, isOutOfScope, may, type Sight, type SightOf } from '#auth';
import { isHearthError } from '#kernel';
import type {
  Accept,
  ConnectAttempt,
  DeniedAttempt,
  Gate,
  Identity,
  PublishGrant,
  Refusal,
} from '#mqtt';
import {
  type Channel,
  isOwnSubscription,
  isReadable,
  isReadableByPeople,
  isServiceWritable,
  isTowardsDevice,
  ownPublishChannel,
  readTopic,
} from './topics.ts';
import type { Accounts, CertificateAuthority, DeviceRecord } from './types.ts';

export interface GateOptions {
  readonly find: (deviceId: string) => DeviceRecord | undefined;
  readonly authority: Pick<CertificateAuthority, 'identify'>;
  readonly accounts: Pick<Accounts, 'credentials' | 'callerOfToken' | 'tokens'>;
  readonly sightOf: SightOf;
  /** Whether some of what a device says is kept encrypted: then the hub alone hears it. */
  readonly isConfidential: (deviceId: string) => boolean;
  /** Who takes in the messages of a device's channel before they are acknowledged. */
  readonly inlets: {
    telemetry(deviceId: string): Accept;
    status(deviceId: string): Accept;
    ack(deviceId: string): Accept;
  };
  readonly onDenied: (attempt: DeniedAttempt, deviceId: string | undefined) => void;
  /** A device proved itself with this certificate (DER) and was let in. */
  readonly onCertificate: (deviceId: string, der: Uint8Array) => void;
  readonly onConnected: (deviceId: string) => void;
  /** A device hears one of the topics on which it is spoken to. */
  readonly onSubscribed: (deviceId: string) => void;
  readonly onDisconnected: (deviceId: string) => void;
}

/** A refusal that knows at whose door it was knocked, so that its owner sees it there. */
type Verdict = Identity | (Refusal & { readonly deviceId?: string | undefined });

/** What the registry answers to the broker: who a client is and which topics are its own. */
export class DeviceGate implements Gate {
  readonly #options: GateOptions;
  /** Who stands behind the name of an identity of a person. */
  readonly #people = new Map<string, Caller | undefined>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal> {
    const found = await this.#identify(attempt);
    const verdict = 'refused' in found ? found : this.#checkClientId(found, attempt.clientId);
    if (!('refused' in verdict)) {
      const { certificate } = attempt;
      if (certificate) this.#options.onCertificate(verdict.name, certificate);
      return verdict;
    }
    const { refused, reason, deviceId } = verdict;
    const { clientId, remoteAddress } = attempt;
    this.#options.onDenied(
      { action: 'connect', identity: undefined, clientId, remoteAddress, topic: '', reason },
      deviceId,
    );
    return { refused, reason };
  }

  mayPublish(identity: Identity, topic: string): PublishGrant {
    switch (identity.kind) {
      case 'device': {
        const channel = ownPublishChannel(identity.name, topic);
        if (channel === undefined) return { allowed: false };
        // A retained acknowledgment would answer tomorrow's command; readings and status may stay.
        const mayRetain = () => channel !== 'ack' && !this.#isWithheld(topic);
        return grant(this.#inlet(identity.name, channel), mayRetain);
      }
      case 'service':
        if (!isServiceWritable(topic)) return { allowed: false };
        return grant(this.#inletForService(topic), () => !this.#isWithheld(topic));
      case 'person':
        return { allowed: false };
    }
  }

  maySubscribe(identity: Identity, filter: string): boolean {
    switch (identity.kind) {
      case 'device':
        return isOwnSubscription(identity.name, filter);
      case 'service':
        return isReadable(filter);
      case 'person':
        if (!isReadableByPeople(filter)) return false;
        return isReadableWith(this.#sightOf(identity), filter);
    }
  }

  /**
   * Asked of each topic too: a person's `devices/#` brings them neither what is said to devices nor
   * what is said by those that they do not see. What may hold sensitive readings is passed on to
   * nobody: it would lie in sessions as it was sent.
   */
  mayReceive(identity: Identity, topic: string): boolean {
    return this.maySubscribe(identity, topic) && !this.#isWithheld(topic);
  }

  denied(attempt: DeniedAttempt): void {
    const { identity } = attempt;
    this.#options.onDenied(attempt, identity?.kind === 'device' ? identity.name : undefined);
  }

  connected(identity: Identity): void {
    if (identity.kind === 'device') this.#options.onConnected(identity.name);
  }

  disconnected(identity: Identity): void {
    if (identity.kind === 'device') this.#options.onDisconnected(identity.name);
  }

  subscribed(identity: Identity, filter: string): void {
    if (identity.kind !== 'device' || !isOwnSubscription(identity.name, filter)) return;
    this.#options.onSubscribed(identity.name);
  }

  async #identify(attempt: ConnectAttempt): Promise<Verdict> {
    if (attempt.certificate) return this.#byCertificate(attempt.certificate, attempt.username);
    const { username, password } = attempt;
    if (username === undefined || password === undefined) {
      return { refused: 'not_authorized', reason: 'neither a certificate nor a credential' };
    }
    const secret = password.toString('utf8');
    if (attempt.transport === 'websocket') {
      const person = this.#byToken(secret);
      if (person) return person;
    }
    return this.#byCredential(username, secret, attempt.remoteAddress);
  }

  #byCertificate(certificate: Uint8Array, username: string | undefined): Verdict {
    const found = this.#options.authority.identify(certificate);
    if ('refused' in found) {
      const reason = `its certificate is ${found.refused}`;
      return { refused: 'not_authorized', reason, deviceId: found.deviceId };
    }
    const { deviceId } = found;
    if (username !== undefined && username !== deviceId) {
      const reason = `the certificate of ${deviceId} with the user name "${username.slice(0, 64)}"`;
      return { refused: 'not_authorized', reason, deviceId };
    }
    return this.#asDevice(deviceId);
  }

  async #byCredential(username: string, password: string, remoteAddress: string): Promise<Verdict> {
    const { credentials } = this.#options.accounts;
    let credential: Awaited<ReturnType<typeof credentials.verify>>;
    try {
      credential = await credentials.verify(username, password, remoteAddress);
    } catch (error) {
      if (!isHearthError(error) || error.code !== 'too_many_requests') throw error;
      // It may be right the next time: a client takes this for a reason to come back later.
      return { refused: 'unavailable', reason: 'too many wrong passwords', deviceId: username };
    }
    if (credential === undefined) {
      return {
        refused: 'bad_credentials',
        reason: 'wrong user name or password',
        deviceId: username,
      };
    }
    if (credential.role === 'device') return this.#asDevice(credential.name);
    return { kind: 'service', name: credential.name };
  }

  #byToken(token: string): Verdict | undefined {
    const caller = this.#options.accounts.callerOfToken(token);
    if (caller === undefined) return undefined;
    if (!may(caller, 'telemetry.read')) {
      return {
        refused: 'not_authorized',
        reason: isOutOfScope(caller, 'telemetry.read')
          ? 'the scopes of the token leave out telemetry.read'
          : `the role ${caller.role} may not read telemetry`,
      };
    }
    const name = tokenName(caller.id);
    this.#people.set(name, caller);
    // A service writes for devices and reads what is said to them; one that may less only looks.
    const isService = may(caller, 'telemetry.write') && may(caller, 'devices.control');
    return { kind: caller.role === 'service' && isService ? 'service' : 'person', name };
  }

  /** Asked for each message. A session may wait for its owner since before the hub was started. */
  #sightOf({ name }: Identity): Sight {
    if (!this.#people.has(name)) {
      if (this.#people.size >= mostPeople) this.#people.clear();
      const token = this.#options.accounts.tokens.list().find(({ id }) => tokenName(id) === name);
      const caller = token && ({ ...token, kind: 'token' } as const);
      this.#people.set(name, caller);
    }
    return this.#options.sightOf(this.#people.get(name));
  }

  /** Whether a topic is one on which a device says what is kept encrypted, or might. */
  #isWithheld(topic: string): boolean {
    const read = readTopic(topic);
    if (read === undefined || isTowardsDevice(read.channel)) return false;
    return this.#options.isConfidential(read.deviceId);
  }

  #asDevice(deviceId: string): Verdict {
    const device = this.#options.find(deviceId);
    if (device === undefined) {
      return { refused: 'not_authorized', reason: `there is no device "${deviceId}"` };
    }
    if (device.state === 'disabled') {
      return { refused: 'not_authorized', reason: 'the device is disabled', deviceId };
    }
    return { kind: 'device', name: deviceId };
  }

  /**
   * A client id is a claim too: whoever connects with one ends the connection that has it
   * [MQTT-3.1.4-2] and takes over its session. So a device's id is for that device alone, even while
   * it is away; of all other client ids the broker knows whose they are.
   */
  #checkClientId(identity: Identity, clientId: string): Verdict {
    if (identity.kind === 'person' && /^[\w.-]+$/.test(clientId)) {
      // Being refused some of them would tell which devices there are.
      const { seesAll } = this.#sightOf(identity);
      if (!seesAll) {
        return { refused: 'identifier', reason: `a guest with the client id ${clientId}` };
      }
    }
    const isOwn = identity.kind === 'device' && identity.name === clientId;
    if (isOwn || this.#options.find(clientId) === undefined) return identity;
    return {
      refused: 'identifier',
      reason: `${identity.kind} ${identity.name} with the client id of the device ${clientId}`,
      deviceId: identity.kind === 'device' ? identity.name : clientId,
    };
  }

  #inlet(deviceId: string, channel: Channel): Accept | undefined {
    return isTowardsDevice(channel) ? undefined : this.#options.inlets[channel](deviceId);
  }

  /** A bridge speaks for devices: what it says of a registered one is taken in as that device's. */
  #inletForService(topic: string): Accept | undefined {
    const read = readTopic(topic);
    const accept = read && this.#inlet(read.deviceId, read.channel);
    if (accept === undefined) return undefined;
    // Asked for each message: the device may be added or disabled while the bridge stays connected.
    return (message) => {
      const device = this.#options.find(read?.deviceId ?? '');
      return device && device.state !== 'disabled' ? accept(message) : undefined;
    };
  }
}

/** What may be retained is asked of each message: a grant lasts as long as its connection. */
const grant = (accept: Accept | undefined, mayRetain: () => boolean): PublishGrant => ({
  allowed: true,
  accept,
  get mayRetain() {
    return mayRetain();
  },
});

/** More than there are tokens; who is forgotten is looked up again. */
const mostPeople = 2000;

/** Whether whoever has this sight may read a topic, or something of what a filter stands for. */
function isReadableWith(sight: Sight, filter: string): boolean {
  if (sight.seesAll) return true;
  // Each message is asked about by itself; the broker's own topics count the whole home.
  if (/[+#]/.test(filter)) return !filter.startsWith('$');
  const read = readTopic(filter);
  return read !== undefined && sight.sees(read.deviceId);
}

/** The name under which the holder of an API token is known to the broker. */
export const tokenName = (tokenId: string): string => `token:${tokenId}`;
