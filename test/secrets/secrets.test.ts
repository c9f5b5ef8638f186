import { existsSync } from 'node:fs';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { temporaryDirectory } from '../support/directory.ts';

async function open(directory?: string) {
  const keyPath = join(directory ?? (await temporaryDirectory()), 'hearth.key');
  const secrets = new Secrets({ keyPath, log: silentLog });
  await secrets.start();
  return { secrets, keyPath };
}

describe('a secret', () => {
  it('is what was sealed, for its purpose alone, and looks different each time', async () => {
    const { secrets } = await open();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string(),
        fc.string(),
        (plain, one, two) => {
          const sealed = secrets.seal(one, plain);
          expect(new Uint8Array(secrets.open(one, sealed))).toEqual(new Uint8Array(plain));
          expect(secrets.seal(one, plain)).not.toBe(sealed);
          if (one !== two) expect(() => secrets.open(two, sealed)).toThrow('cannot be opened');
        },
      ),
    );
  });

  it('does not open once any character of it was changed', async () => {
    const { secrets } = await open();
    const sealed = secrets.seal('totp', 'JBSWY3DPEHPK3PXP');
    for (let index = 0; index < sealed.length; index += 1) {
      const other = sealed[index] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      expect(() => secrets.open('totp', changed), `${index}`).toThrow('a secret cannot be opened');
    }
  });

  it('has one spelling: bits that nothing stands in are nought', async () => {
    const { secrets } = await open();
    // 28 + 16 bytes leave two bits of the last letter over; 28 + 15 leave four.
    for (const plain of ['JBSWY3DPEHPK3PXP', 'JBSWY3DPEHPK3PX']) {
      const sealed = secrets.seal('totp', plain);
      const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
      const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
        .map((letter) => sealed.slice(0, -1) + letter)
        .filter((text) => text !== sealed)
        .filter((text) => Buffer.from(text.split('.')[2] ?? '', 'base64url').equals(bytes));
      expect(others.length).toBe(plain.length === 16 ? 3 : 15);
      for (const other of others) expect(() => secrets.open('totp', other)).toThrow('cannot be');
    }
  });

  it.each([
    ['cut short', (sealed: string) => sealed.slice(0, -4)],
    ['with more after it', (sealed: string) => `${sealed}.AAAA`],
    ['with a line after it', (sealed: string) => `${sealed}\n`],
    ['with padding', (sealed: string) => `${sealed}=`],
    ['of a key that is not there', (sealed: string) => sealed.replace(/\.\w{8}\./, '.00000000.')],
    ['of another scheme', (sealed: string) => sealed.replace('hs1', 'hs2')],
    ['that is too short to be any', () => 'hs1.00000000.AAAA'],
    ['that is empty', () => ''],
  ])('does not open %s, and the refusal tells nothing', async (_, change) => {
    const { secrets } = await open();
    const sealed = secrets.seal('totp', 'JBSWY3DPEHPK3PXP');
    const attempt = () => secrets.open('totp', change(sealed));
    expect(attempt).toThrow(expect.objectContaining({ code: 'data_directory' }));
    expect(attempt).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('JBSW') }),
    );
  });

  it('does not open with another key file', async () => {
    const { secrets } = await open();
    const { secrets: others } = await open();
    const sealed = secrets.seal('totp', 'JBSWY3DPEHPK3PXP');
    const { secrets: third, keyPath } = await open();
    const own = (await readFile(keyPath, 'utf8')).split('\n')[1]?.slice(0, 8) ?? '';
    // Not even when the other key goes by the same id.
    const renamed = sealed.replace(/\.\w{8}\./, `.${own}.`);
    expect(() => others.open('totp', sealed)).toThrow('cannot be opened');
    expect(() => third.open('totp', renamed)).toThrow('cannot be opened');
  });

  it('needs the key file to have been read', () => {
    const secrets = new Secrets({ keyPath: 'nowhere', log: silentLog });
    expect(() => secrets.seal('totp', 'x')).toThrow('have not been started');
  });
});

describe('the key file', () => {
  it('is made once, for its owner alone, and opens everything after a restart', async () => {
    const directory = await temporaryDirectory();
    const { secrets, keyPath } = await open(directory);
    const sealed = secrets.seal('smtp', 'a password');
    expect((await stat(keyPath)).mode & 0o777).toBe(0o600);
    const { secrets: again } = await open(directory);
    expect(again.open('smtp', sealed).toString()).toBe('a password');
  });

  it.each([
    ['that others may read', 'others than its owner'],
    ['that holds something else', 'does not hold keys'],
    ['that is cut short', 'does not hold keys'],
  ])('%s is refused', async (what, problem) => {
    const directory = await temporaryDirectory();
    const { keyPath } = await open(directory);
    if (what.includes('others')) await chmod(keyPath, 0o640);
    else if (what.includes('else')) await writeFile(keyPath, 'hello\n');
    else await writeFile(keyPath, (await readFile(keyPath, 'utf8')).slice(0, -9));
    await expect(open(directory)).rejects.toMatchObject({
      code: 'data_directory',
      message: expect.stringContaining(problem),
    });
  });
});

it('is not made anew for a home whose secrets were sealed already', async () => {
  const keyPath = join(await temporaryDirectory(), 'hearth.key');
  const secrets = new Secrets({ keyPath, hasSealed: () => true, log: silentLog });
  await expect(secrets.start()).rejects.toMatchObject({
    code: 'data_directory',
    message: expect.stringContaining('it is not there, and secrets were sealed with it'),
    hint: expect.stringContaining('Restore it'),
  });
  expect(existsSync(keyPath)).toBe(false);
});

it('says which folder a key file cannot be written to', async () => {
  const keyPath = join(await temporaryDirectory(), 'missing', 'hearth.key');
  const secrets = new Secrets({ keyPath, log: silentLog });
  await expect(secrets.start()).rejects.toMatchObject({
    code: 'data_directory',
    message: expect.stringContaining(keyPath),
  });
});

describe('rotating', () => {
  it('seals everything with a new key and forgets the old one', async () => {
    const directory = await temporaryDirectory();
    const { secrets, keyPath } = await open(directory);
    let kept = secrets.seal('smtp', 'a password');
    const before = kept;
    secrets.register('test', (reseal) => {
      kept = reseal('smtp', kept);
    });
    await secrets.rotate();
    expect(secrets.open('smtp', kept).toString()).toBe('a password');
    expect(() => secrets.open('smtp', before)).toThrow('cannot be opened');
    expect((await readFile(keyPath, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  it('that was cut off leaves everything readable, and is ended at the next start', async () => {
    const directory = await temporaryDirectory();
    const { secrets, keyPath } = await open(directory);
    const kept = [secrets.seal('one', '1'), secrets.seal('two', '2')];
    secrets.register('one', (reseal) => {
      kept[0] = reseal('one', kept[0] ?? '');
    });
    secrets.register('two', () => {
      throw new Error('the power is gone');
    });
    await expect(secrets.rotate()).rejects.toThrow('the power is gone');
    const { secrets: again } = await open(directory);
    const read = () => kept.map((it, index) => `${again.open(['one', 'two'][index] ?? '', it)}`);
    expect(read()).toEqual(['1', '2']);
    again.register('all', (reseal) => {
      kept[0] = reseal('one', kept[0] ?? '');
      kept[1] = reseal('two', kept[1] ?? '');
    });
    await again.finishRotation();
    expect(read()).toEqual(['1', '2']);
    expect((await readFile(keyPath, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  it('that failed is ended by the next, with the key that it had made', async () => {
    const { secrets, keyPath } = await open();
    let kept = secrets.seal('one', '1');
    let isBroken = true;
    secrets.register('one', (reseal) => {
      if (isBroken) throw new Error('the disk is full');
      kept = reseal('one', kept);
    });
    for (let i = 0; i < 3; i++) await expect(secrets.rotate()).rejects.toThrow('the disk is full');
    const made = (await readFile(keyPath, 'utf8')).trimEnd().split('\n').slice(1);
    expect(made).toHaveLength(2);
    isBroken = false;
    const id = await secrets.rotate();
    expect(made[0]).toContain(id);
    expect(secrets.open('one', kept).toString()).toBe('1');
    expect((await readFile(keyPath, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  it('asked for twice at once is done once', async () => {
    const { secrets } = await open();
    let resealed = 0;
    secrets.register('one', async () => {
      resealed += 1;
    });
    const [one, two] = await Promise.all([secrets.rotate(), secrets.rotate()]);
    expect([one, resealed]).toEqual([two, 1]);
  });
});
