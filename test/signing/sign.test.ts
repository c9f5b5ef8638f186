import { spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import type { Algorithm } from '#signing';
import { itWith } from '../support/peers.ts';
import { bothAlgorithms, digestOf, openWorkshop, type Workshop } from './workshop.ts';

const body = {
  id: '01jng4x0008q5m0vt6w2sv3r9c',
  action: 'setFanSpeed',
  value: 3,
  note: 'Küche, "links"',
  issued_at: '2026-03-01T08:00:00.000Z',
  expires_at: '2026-03-01T08:10:00.000Z',
};

async function recorded(algorithm: Algorithm) {
  const workshop = await openWorkshop();
  workshop.agree('plug', { command_algorithm: algorithm });
  const text = workshop.signing.sign({ deviceId: 'plug', purpose: 'command', body });
  return { workshop, message: Buffer.from(text) };
}

/** What docs/signing.md asks of firmware, to the letter. */
function split(message: Buffer, prefix: string) {
  const text = message.toString('latin1');
  const at = text.lastIndexOf(',"signature":"');
  if (at < 0 || !text.endsWith('"}')) return undefined;
  const spelled = text.slice(at + ',"signature":"'.length, -2);
  const signature = Buffer.from(spelled, 'base64');
  if (signature.toString('base64') !== spelled) return undefined;
  const bytes = Buffer.concat([Buffer.from(prefix), message.subarray(0, at), Buffer.from('}')]);
  return { bytes, signature };
}

function verifies(workshop: Workshop, algorithm: Algorithm, message: Buffer, prefix = commandFor) {
  const parts = split(message, prefix);
  if (parts === undefined) return false;
  const key = createPublicKey(workshop.signing.publicKeys()[algorithm].pem);
  return verify(digestOf(algorithm), parts.bytes, key, parts.signature);
}

const commandFor = 'hearth-command-v1\nplug\n';

describe.each(bothAlgorithms)('a command signed with %s', (algorithm) => {
  it('is the JSON of its body, with the signature as its last member', async () => {
    const { workshop, message } = await recorded(algorithm);
    const { signature, ...rest } = JSON.parse(message.toString());
    expect(rest).toEqual(body);
    expect(message.toString()).toBe(
      `${JSON.stringify(body).slice(0, -1)},"signature":"${signature}"}`,
    );
    expect(verifies(workshop, algorithm, message)).toBe(true);
  });

  it.each([
    ['another device', 'hearth-command-v1\nlamp\n'],
    ['another purpose', 'hearth-config-v1\nplug\n'],
    ['another version', 'hearth-command-v2\nplug\n'],
  ])('means nothing for %s', async (_, prefix) => {
    const { workshop, message } = await recorded(algorithm);
    expect(verifies(workshop, algorithm, message, prefix)).toBe(false);
  });

  it('fits no longer when any byte of it is flipped', async () => {
    const { workshop, message } = await recorded(algorithm);
    const passed: string[] = [];
    for (let at = 0; at < message.length; at++) {
      for (const mask of [0x01, 0x02, 0x04, 0x20, 0x80, 0xff]) {
        const flipped = Buffer.from(message);
        flipped[at] = (message[at] as number) ^ mask;
        if (verifies(workshop, algorithm, flipped)) passed.push(`${at} ^ ${mask}`);
      }
    }
    expect(passed).toEqual([]);
  });

  it('counts in one spelling of its base64, not in those whose slack bits differ', async () => {
    const { workshop, message } = await recorded(algorithm);
    const text = message.toString();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = /([A-Za-z0-9+/])(=*)"}$/.exec(text);
    const others = [...alphabet].filter((letter) => letter !== last?.[1]);
    const spelledWith = (letter: string) =>
      Buffer.from(text.replace(/[A-Za-z0-9+/](=*"})$/, `${letter}$1`));
    expect(others.filter((letter) => verifies(workshop, algorithm, spelledWith(letter)))).toEqual(
      [],
    );
    const unpadded = Buffer.from(text.replace(/=*"}$/, '"}'));
    if (last?.[2] !== '') expect(verifies(workshop, algorithm, unpadded)).toBe(false);
    expect(verifies(workshop, algorithm, Buffer.from(`${text}\n`))).toBe(false);
  });

  itWith('openssl')(
    'is verified by openssl alone, and no longer once a byte is flipped',
    async () => {
      const { workshop, message } = await recorded(algorithm);
      const file = (name: string) => join(workshop.directory, name);
      writeFileSync(file('hub.pem'), workshop.signing.publicKeys()[algorithm].pem);
      const opensslVerifies = (candidate: Buffer) => {
        const parts = split(candidate, commandFor);
        if (parts === undefined) return false;
        writeFileSync(file('signed.bin'), parts.bytes);
        writeFileSync(file('signature.bin'), parts.signature);
        const options =
          algorithm === 'ed25519'
            ? ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', file('hub.pem')].concat(
                '-sigfile',
                file('signature.bin'),
                '-in',
                file('signed.bin'),
              )
            : ['dgst', '-sha256', '-verify', file('hub.pem')].concat(
                '-signature',
                file('signature.bin'),
                file('signed.bin'),
              );
        return spawnSync('openssl', options).status === 0;
      };
      expect(opensslVerifies(message)).toBe(true);
      const passed: number[] = [];
      for (let at = 0; at < message.length; at += 17) {
        const flipped = Buffer.from(message);
        flipped[at] = (message[at] as number) ^ 0x04;
        if (opensslVerifies(flipped)) passed.push(at);
      }
      expect(passed).toEqual([]);
    },
  );
});

it('signs with Ed25519 so that tweetnacl verifies it', async () => {
  const { workshop, message } = await recorded('ed25519');
  const parts = split(message, commandFor);
  const key = Buffer.from(workshop.signing.publicKeys().ed25519.raw, 'base64');
  const [bytes, signature] = [parts?.bytes, parts?.signature].map((part) =>
    Uint8Array.from(part ?? []),
  );
  const check = (signed: Uint8Array) =>
    nacl.sign.detached.verify(signed, signature as Uint8Array, Uint8Array.from(key));
  expect(check(bytes as Uint8Array)).toBe(true);
  expect(check((bytes as Uint8Array).with(40, 0))).toBe(false);
});

it('signs for a device of which nothing was said with Ed25519', async () => {
  const { signing } = await openWorkshop();
  const text = signing.sign({ deviceId: 'nobody', purpose: 'config', body: { version: 3 } });
  const { pem } = signing.publicKeys().ed25519;
  const parts = split(Buffer.from(text), 'hearth-config-v1\nnobody\n');
  const signed = parts && verify(null, parts.bytes, createPublicKey(pem), parts.signature);
  expect(signed).toBe(true);
});

it.each([
  ['has no members', {}],
  ['has a signature already', { signature: 'x' }],
])('refuses to sign what %s', async (_, badBody) => {
  const { signing } = await openWorkshop();
  expect(() => signing.sign({ deviceId: 'plug', purpose: 'command', body: badBody })).toThrow(
    TypeError,
  );
});
