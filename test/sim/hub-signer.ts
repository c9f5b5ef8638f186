import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Algorithm, HubKeys } from '#sim';

/** What a hub signs with, as the documents describe it: keys of both kinds, and JSON signed by them. */
export class HubSigner {
  readonly #keys: Readonly<Record<Algorithm, { publicKey: KeyObject; privateKey: KeyObject }>> = {
    ed25519: generateKeyPairSync('ed25519'),
    p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  };

  get hubKeys(): HubKeys {
    const pem = (algorithm: Algorithm) =>
      this.#keys[algorithm].publicKey.export({ type: 'spki', format: 'pem' }).toString();
    return { ed25519Pem: pem('ed25519'), p256Pem: pem('p256') };
  }

  /** `body` with its signature as the last member. */
  sign(
    deviceId: string,
    body: object,
    { algorithm = 'ed25519' as Algorithm, purpose = 'command' } = {},
  ): string {
    const json = JSON.stringify(body);
    const bytes = Buffer.from(`hearth-${purpose}-v1\n${deviceId}\n${json}`);
    const { privateKey } = this.#keys[algorithm];
    const signature = sign(algorithm === 'p256' ? 'sha256' : null, bytes, privateKey);
    return `${json.slice(0, -1)},"signature":"${signature.toString('base64')}"}`;
  }
}
