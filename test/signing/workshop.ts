import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { onTestFinished } from 'vitest';
import type { NewAlert } from '#alerts';
import { silentLog } from '#kernel';
import { type Algorithm, Signing } from '#signing';
import { type Home, openHome } from '../devices/home.ts';

/** The name that openssl and Node have for it. */
export const digestOf = (algorithm: Algorithm) => (algorithm === 'ed25519' ? null : 'sha256');
export const bothAlgorithms: readonly Algorithm[] = ['ed25519', 'p256'];

/** Firmware that signs and encrypts as docs/signing.md says, and knows nothing of the hub's code. */
export class Firmware {
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly box = nacl.box.keyPair();

  constructor(algorithm: Algorithm = 'ed25519') {
    const { privateKey, publicKey } =
      algorithm === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.algorithm = algorithm;
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  get signingKey() {
    const pem = this.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    return { algorithm: this.algorithm, public_key: pem };
  }

  get boxKey(): string {
    return Buffer.from(this.box.publicKey).toString('base64');
  }

  sign(deviceId: string, body: object | string, purpose = 'telemetry'): Buffer {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const bytes = Buffer.from(`hearth-${purpose}-v1\n${deviceId}\n${text}`);
    const signature = sign(digestOf(this.algorithm), bytes, this.privateKey).toString('base64');
    return Buffer.from(`${text.slice(0, -1)},"signature":"${signature}"}`);
  }

  /** `{"encrypted": …}` around the JSON of `value`, or around a text that is none. */
  encrypt(hubBoxKey: string, value: unknown, spelled = JSON.stringify(value)) {
    const nonce = randomBytes(nacl.box.nonceLength);
    const text = Uint8Array.from(Buffer.from(spelled));
    const hub = Uint8Array.from(Buffer.from(hubBoxKey, 'base64'));
    const box = nacl.box(text, nonce, hub, this.box.secretKey);
    return { encrypted: Buffer.concat([nonce, box]).toString('base64') };
  }
}

export interface Workshop extends Home {
  readonly signing: Signing;
  readonly signingDirectory: string;
  readonly alerts: NewAlert[];
  /** The hub's public box key. */
  readonly hubBox: string;
  /** Changes what is agreed with a device, and leaves the rest as it is. */
  agree(deviceId: string, changes: Record<string, unknown>): void;
}

/** A started `Signing` over a real registry with the devices "plug" and "lamp". */
export async function openWorkshop(): Promise<Workshop> {
  const home = await openHome();
  for (const id of ['plug', 'lamp']) home.devices.create({ id });
  const signingDirectory = join(home.directory, 'signing');
  const signing = signingOf(home);
  await signing.start();
  onTestFinished(() => signing.stop());
  const alerts: NewAlert[] = [];
  signing.onAlert.listen((alert) => alerts.push(alert));
  return {
    ...home,
    signing,
    signingDirectory,
    alerts,
    hubBox: signing.publicKeys().box.raw,
    agree: (deviceId, changes) => {
      const agreed = signing.settingsOf(deviceId);
      signing.agree(deviceId, { ...agreed, ...changes } as typeof agreed, 'local');
    },
  };
}

/** Another one on the same data, not started. */
export const signingOf = (home: Home): Signing =>
  new Signing({
    db: home.db,
    directory: join(home.directory, 'signing'),
    devices: home.devices,
    audit: home.audit,
    clock: home.clock,
    log: silentLog,
  });
