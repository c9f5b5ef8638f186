import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit } from '#audit';
import { Auth } from '#auth';
import { type Db, migrate, migrations, openDatabase } from '#db';
import { type DeviceChange, Devices } from '#devices';
import { silentLog } from '#kernel';
import type { Accept, ConnectAttempt, Gate, Identity, InboundMessage } from '#mqtt';
import { Authority } from '#pki';
import { Secrets } from '#secrets';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export const startMs = Date.parse('2026-03-01T08:00:00Z');

/** A registry on a real database, with the real authority and the real accounts beside it. */
export interface Home {
  readonly directory: string;
  readonly db: Db;
  readonly clock: ManualClock;
  readonly secrets: Secrets;
  readonly authority: Authority;
  readonly auth: Auth;
  readonly audit: Audit;
  readonly devices: Devices;
  readonly gate: Gate;
  /** What the telemetry inlet took in, as `device payload`. */
  readonly taken: string[];
  /** What the inlet of acknowledgments took in, likewise. */
  readonly acknowledged: string[];
  readonly changes: DeviceChange[];
  readonly evicted: Identity[];
  /** What this machine is called; the authority looks once a minute. */
  readonly names: string[];
  /** DER of a fresh client certificate. */
  certificateOf(deviceId: string): Promise<Uint8Array>;
}

export async function openHome(at?: string, nowMs = startMs): Promise<Home> {
  const directory = at ?? (await temporaryDirectory());
  const clock = new ManualClock(nowMs);
  const db = openDatabase(join(directory, 'hearth.db'));
  migrate(db, migrations);
  const shared = { db, clock, log: silentLog };
  const names = ['hub.local', 'localhost', '127.0.0.1'];
  const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
  await secrets.start();
  const authority = new Authority({
    ...shared,
    vault: secrets,
    directory: join(directory, 'pki'),
    localNames: () => [...names],
  });
  const audit = new Audit(shared);
  const auth = new Auth({
    ...shared,
    directory,
    homeName: 'Elm Street 7',
    vault: secrets,
    audit,
  });
  const devices = new Devices({ ...shared, authority, auth, audit, mqttsPort: () => 8883 });
  const taken: string[] = [];
  const acknowledged: string[] = [];
  const changes: DeviceChange[] = [];
  const evicted: Identity[] = [];
  const inlet =
    (into: string[]) =>
    (deviceId: string): Accept =>
    (message) => {
      into.push(`${deviceId} ${message.payload}`);
      return undefined;
    };
  const gate = devices.gate({ telemetry: inlet(taken), ack: inlet(acknowledged) });
  for (const part of [authority, auth, devices]) {
    await part.start();
    onTestFinished(() => part.stop());
  }
  devices.onChange.listen((news) => changes.push(news));
  devices.onEvicted.listen((identity) => evicted.push(identity));
  const certificateOf = async (deviceId: string) => {
    const { certificatePem } = await authority.issueClient({ deviceId });
    return new X509Certificate(certificatePem).raw;
  };
  return {
    directory,
    db,
    clock,
    secrets,
    authority,
    auth,
    audit,
    devices,
    gate,
    taken,
    acknowledged,
    changes,
    evicted,
    names,
    certificateOf,
  };
}

export const attempt = (given: Partial<ConnectAttempt>): ConnectAttempt => ({
  transport: 'tls',
  remoteAddress: '192.168.1.50',
  clientId: '',
  username: undefined,
  password: undefined,
  certificate: undefined,
  ...given,
});

export const device = (name: string): Identity => ({ kind: 'device', name });
export const service = (name: string): Identity => ({ kind: 'service', name });
export const person = (name: string): Identity => ({ kind: 'person', name });

export const message = (
  identity: Identity,
  topic: string,
  payload: string | object,
): InboundMessage => ({
  identity,
  clientId: identity.name,
  topic,
  payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  qos: 1,
  retain: false,
  duplicate: false,
  packetId: 1,
});

/** Publishes as the broker does: asks the gate, and hands the message to whoever takes it in. */
export async function publish(
  gate: Gate,
  identity: Identity,
  topic: string,
  payload: string | object,
): Promise<boolean> {
  const grant = gate.mayPublish(identity, topic);
  if (grant.allowed) await grant.accept?.(message(identity, topic, payload));
  return grant.allowed;
}
