import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { openHubKeys, publicKeysOf } from '../../src/signing/hub-keys.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { itWith } from '../support/peers.ts';

const names = ['box.key', 'ed25519.key', 'p256.pem'] as const;

async function made() {
  const directory = join(await temporaryDirectory(), 'signing');
  const keys = publicKeysOf(await openHubKeys(directory));
  return { directory, keys, path: (name: string) => join(directory, name) };
}

describe("the hub's keys", () => {
  it('are made once and stay the same', async () => {
    const { directory, keys } = await made();
    expect(publicKeysOf(await openHubKeys(directory))).toEqual(keys);
    const other = await made();
    expect(other.keys.ed25519).not.toEqual(keys.ed25519);
    expect(other.keys.p256).not.toEqual(keys.p256);
    expect(other.keys.box).not.toEqual(keys.box);
  });

  it('are readable by their owner alone', async () => {
    const { directory, path } = await made();
    expect(readdirSync(directory).sort()).toEqual([...names]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(path(name)).mode & 0o777).toBe(0o600);
  });

  it('are in the formats of tweetnacl', async () => {
    const { keys, path } = await made();
    const read = (name: string) =>
      Uint8Array.from(Buffer.from(readFileSync(path(name), 'utf8'), 'base64'));
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const signing = nacl.sign.keyPair.fromSecretKey(read('ed25519.key'));
    expect(base64(signing.publicKey)).toBe(keys.ed25519.raw);
    const box = nacl.box.keyPair.fromSecretKey(read('box.key').slice(0, 32));
    expect(base64(box.publicKey)).toBe(keys.box.raw);
  });

  itWith('openssl')('become PEM for openssl as the document says', async () => {
    const { directory, keys } = await made();
    const document = readFileSync(join(import.meta.dirname, '../../docs/signing.md'), 'utf8');
    const [, recipe = ''] = /```sh\n# ed25519\.key as PEM\n([^`]+)```/.exec(document) ?? [];
    expect(recipe).not.toBe('');
    const run = spawnSync('sh', ['-e', '-c', `${recipe}\nopenssl pkey -in ed25519.pem -pubout`], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(run.stdout).toBe(keys.ed25519.pem);
  });

  it('are made anew when a power cut came before the last of them was there', async () => {
    const directory = join(await temporaryDirectory(), 'signing');
    mkdirSync(`${directory}.new`);
    writeFileSync(join(`${directory}.new`, 'ed25519.key'), 'half');
    expect(publicKeysOf(await openHubKeys(directory)).ed25519.raw).toHaveLength(44);
    expect(readdirSync(join(directory, '..'))).toEqual(['signing']);
  });

  it.each(names)('are not used, and not replaced, when %s is missing', async (name) => {
    const { directory, path } = await made();
    rmSync(path(name));
    await expect(openHubKeys(directory)).rejects.toMatchObject({
      code: 'data_directory',
      message: expect.stringContaining(`${path(name)} is missing`),
    });
    expect(readdirSync(directory)).not.toContain(name);
  });

  it.each(names)('are never others than before when a byte of %s is damaged', async (name) => {
    const { directory, keys, path } = await made();
    const contents = readFileSync(path(name));
    const outcome = async () =>
      openHubKeys(directory).then(
        (opened) => publicKeysOf(opened),
        (error) => error.code,
      );
    for (let at = 0; at < contents.length; at += 3) {
      const damaged = Buffer.from(contents);
      damaged[at] = (contents[at] as number) ^ 0x02;
      writeFileSync(path(name), damaged);
      // A PEM has bytes that are not the key: its last line break, the version of its format.
      const harmless = name === 'p256.pem' ? [keys, 'data_directory'] : ['data_directory'];
      expect(harmless).toContainEqual(await outcome());
    }
    writeFileSync(path(name), '');
    expect(await outcome()).toBe('data_directory');
  });

  it('say nothing of a damaged key but where it is', async () => {
    const { directory, path } = await made();
    const secret = readFileSync(path('ed25519.key'), 'utf8').trim();
    writeFileSync(path('ed25519.key'), `${secret.slice(0, -4)}AAA=`);
    const error = await openHubKeys(directory).catch((reason: Error) => reason);
    expect(JSON.stringify([error, String(error)])).not.toContain(secret.slice(0, 20));
  });
});
