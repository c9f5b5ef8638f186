import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { openMessage } from '../../src/signing/open-message.ts';
import { readPublicKey, verifyingKey } from '../../src/signing/public-key.ts';
import { isSignedBy, type Purpose, signedPrefix } from '../../src/signing/signed-text.ts';
import type { Algorithm } from '../../src/signing/types.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { itWith } from '../support/peers.ts';

const document = readFileSync(join(import.meta.dirname, '../../docs/signing.md'), 'utf8');
const [, json = '{}'] = /## Test vectors[\s\S]*?```json\n([\s\S]*?)```/.exec(document) ?? [];
const vectors = JSON.parse(json);
const { hub, device, device_id: deviceId } = vectors;
const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const spelled = (raw: Uint8Array) => Buffer.from(raw).toString('base64');

/** By the code of the hub. */
function isSigned(algorithm: Algorithm, key: string, purpose: Purpose, message: string): boolean {
  const publicKey = verifyingKey(readPublicKey(algorithm, key, 'key'));
  return isSignedBy(publicKey, signedPrefix(purpose, deviceId), Buffer.from(message));
}

/** By tweetnacl, from a seed; it is the same every time. */
function signedWith(seed: string, purpose: Purpose, text: string): string {
  const { secretKey } = nacl.sign.keyPair.fromSeed(bytes(seed));
  const signed = Buffer.from(`hearth-${purpose}-v1\n${deviceId}\n${text}`);
  const signature = spelled(nacl.sign.detached(Uint8Array.from(signed), secretKey));
  return `${text.slice(0, -1)},"signature":"${signature}"}`;
}

describe('the test vectors of docs/signing.md', () => {
  it('have public keys that belong to the secret ones', () => {
    const publicOf = (seed: string) => spelled(nacl.sign.keyPair.fromSeed(bytes(seed)).publicKey);
    const boxOf = (secret: string) =>
      spelled(nacl.box.keyPair.fromSecretKey(bytes(secret)).publicKey);
    expect(publicOf(hub.ed25519_seed)).toBe(hub.ed25519_public);
    expect(publicOf(device.ed25519_seed)).toBe(device.ed25519_public);
    expect(boxOf(hub.box_secret)).toBe(hub.box_public);
    expect(boxOf(device.box_secret)).toBe(device.box_public);
  });

  it('have commands that the hub would sign so', () => {
    const { command_unsigned, command_ed25519, command_p256 } = vectors;
    expect(signedWith(hub.ed25519_seed, 'command', command_unsigned)).toBe(command_ed25519);
    expect(isSigned('ed25519', hub.ed25519_public, 'command', command_ed25519)).toBe(true);
    expect(isSigned('p256', hub.p256_public, 'command', command_p256)).toBe(true);
    expect(isSigned('p256', hub.p256_public, 'config', command_p256)).toBe(false);
    expect(command_p256.replace(/,"signature":"[^"]*"}$/, '}')).toBe(command_unsigned);
  });

  it('have readings that the hub would take', () => {
    const { telemetry_unsigned, telemetry_signed } = vectors;
    expect(signedWith(device.ed25519_seed, 'telemetry', telemetry_unsigned)).toBe(telemetry_signed);
    expect(isSigned('ed25519', device.ed25519_public, 'telemetry', telemetry_signed)).toBe(true);
  });

  it('have boxes that tweetnacl makes and the hub opens', () => {
    const { nonce, telemetry_unsigned, telemetry_encrypted, telemetry_value_encrypted } = vectors;
    const [to, from] = [bytes(hub.box_public), bytes(device.box_secret)];
    const boxed = (text: string) => {
      const box = nacl.box(Uint8Array.from(Buffer.from(text)), bytes(nonce), to, from);
      return JSON.stringify({ encrypted: spelled(Buffer.concat([bytes(nonce), box])) });
    };
    expect(boxed(telemetry_unsigned)).toBe(telemetry_encrypted);
    expect(telemetry_value_encrypted).toContain(`"power":${boxed('60.5')}`);
    const protection = {
      signature: 'off',
      key: '',
      prefix: Buffer.alloc(0),
      encryption: 'required',
      sharedKey: () => nacl.box.before(bytes(device.box_public), bytes(hub.box_secret)),
    } as const;
    for (const message of [telemetry_encrypted, telemetry_value_encrypted]) {
      const opened = openMessage(protection, Buffer.from(message));
      expect(opened).toMatchObject({ ok: true, value: JSON.parse(telemetry_unsigned) });
    }
  });

  const [, recipe = ''] = /```sh\n# message\.json is([\s\S]*?)```/.exec(document) ?? [];
  for (const algorithm of ['ed25519', 'p256'] as const) {
    itWith('openssl')(`are verified by the document's own openssl, for ${algorithm}`, async () => {
      const directory = await temporaryDirectory();
      const { key } = verifyingKey(readPublicKey(algorithm, hub[`${algorithm}_public`], 'key'));
      writeFileSync(join(directory, 'hub.pem'), key.export({ type: 'spki', format: 'pem' }));
      const statusFor = (message: string, DEVICE = deviceId) => {
        writeFileSync(join(directory, 'message.json'), message);
        const env = { ...process.env, DEVICE, ALGORITHM: algorithm };
        return spawnSync('sh', ['-c', `#${recipe}`], { cwd: directory, env }).status;
      };
      const message: string = vectors[`command_${algorithm}`];
      expect(statusFor(message)).toBe(0);
      expect(statusFor(message, 'hall-plug')).toBe(1);
      expect(statusFor(message.replace('relay_on', 'relay_of'))).toBe(1);
    });
  }
});
