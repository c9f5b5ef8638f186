import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import nacl from 'tweetnacl';
import { HearthError, syncDirectory, writeFileDurably } from '#kernel';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { rawPublicKey, verifyingKey } from './public-key.ts';
import type { Algorithm } from './types.ts';

/** The hub's own keys, in memory: one to sign with for each algorithm, and one to open boxes with. */
export interface HubKeys {
  readonly signing: Readonly<Record<Algorithm, KeyObject>>;
  readonly box: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
}

/**
 * `ed25519.key`: base64 of tweetnacl's 64-byte secret key, which is the seed of RFC 8032 and the
 * public key after it. `p256.pem`: PKCS #8. `box.key`: base64 of the 32 bytes of the secret box key
 * and the 32 of the public one. The public halves are there so that a damaged file is noticed.
 */
const files = { ed25519: 'ed25519.key', p256: 'p256.pem', box: 'box.key' } as const;

/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410 §7). */
const ed25519Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads the keys of `directory`, or makes them where there is none. They appear all at once: what
 * a crash leaves of making them has another name and is made anew.
 * @throws HearthError `data_directory` when one of them is missing or damaged.
 */
export async function openHubKeys(directory: string): Promise<HubKeys> {
  if (!existsSync(directory)) await makeKeys(directory);
  return {
    signing: {
      ed25519: await readKey(directory, files.ed25519, readEd25519),
      p256: await readKey(directory, files.p256, readP256),
    },
    box: await readKey(directory, files.box, readBox),
  };
}

/** The public halves, for whoever checks signatures or makes boxes. */
export function publicKeysOf({ signing, box }: HubKeys) {
  const shown = (key: KeyObject) => {
    const publicKey = createPublicKey(key);
    return {
      pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      raw: encodeBase64(rawPublicKey(publicKey)?.raw ?? Buffer.alloc(0)),
    };
  };
  return {
    ed25519: shown(signing.ed25519),
    p256: shown(signing.p256),
    box: { raw: encodeBase64(box.publicKey) },
  };
}

async function makeKeys(directory: string): Promise<void> {
  const making = `${directory}.new`;
  await rm(making, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  await mkdir(making, { mode: 0o700 });
  const write = (name: string, contents: string) =>
    writeFileDurably(join(making, name), contents, 0o600);
  const line = (...parts: Uint8Array[]) => `${encodeBase64(Buffer.concat(parts))}\n`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const box = nacl.box.keyPair();
  await write(files.ed25519, line(nacl.sign.keyPair().secretKey));
  await write(files.p256, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await write(files.box, line(box.secretKey, box.publicKey));
  await rename(making, directory);
  await syncDirectory(dirname(directory));
}

async function readKey<Key>(
  directory: string,
  name: string,
  read: (text: string) => Key | undefined,
): Promise<Key> {
  const path = join(directory, name);
  if (!existsSync(path)) throw unusable(`${path} is missing`);
  const text = await readFile(path, 'utf8');
  let key: Key | undefined;
  try {
    key = read(text);
  } catch {
    // What OpenSSL says of a damaged key helps nobody, and may quote it.
  }
  if (key === undefined) throw unusable(`${path} is damaged`);
  return key;
}

function readEd25519(text: string): KeyObject | undefined {
  const bytes = decodeBase64(text.trim());
  if (bytes?.length !== 64) return undefined;
  const der = Buffer.concat([ed25519Head, bytes.subarray(0, 32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = rawPublicKey(createPublicKey(key))?.raw;
  return publicKey !== undefined && bytes.subarray(32).equals(publicKey) ? key : undefined;
}

function readP256(pem: string): KeyObject | undefined {
  const key = createPrivateKey(pem);
  const publicKey = rawPublicKey(createPublicKey(key));
  if (publicKey?.algorithm !== 'p256') return undefined;
  // The file holds both halves; that they belong together shows when they are used.
  const trial = Buffer.from('trial');
  const signature = sign('sha256', trial, key);
  return verify('sha256', trial, verifyingKey(publicKey).key, signature) ? key : undefined;
}

function readBox(text: string): HubKeys['box'] | undefined {
  const bytes = decodeBase64(text.trim());
  if (bytes?.length !== 64) return undefined;
  const pair = nacl.box.keyPair.fromSecretKey(Uint8Array.from(bytes.subarray(0, 32)));
  return bytes.subarray(32).equals(pair.publicKey) ? pair : undefined;
}

const unusable = (reason: string) =>
  new HearthError('data_directory', `the hub's signing keys cannot be used: ${reason}`, {
    hint: 'Restore the folder from a backup. Removing the whole folder makes new keys, which every device that checks signatures or encrypts must be given anew.',
  });
