import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { type Db, migrate, migrations, openDatabase } from '#db';
import { silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { Sealing } from '../../src/telemetry/sealing.ts';
import { SealedStore } from '../../src/telemetry/store.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs } from './support.ts';

async function openVault() {
  const directory = await temporaryDirectory();
  const db = openDatabase(join(directory, 'hearth.db'));
  onTestFinished(() => void db.close());
  migrate(db, migrations);
  const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
  await secrets.start();
  return { db, secrets, store: new SealedStore(db), open: () => openSealing(db, secrets) };
}

function openSealing(db: Db, vault: Secrets): Sealing {
  const clock = new ManualClock(noonUs / 1000);
  const sealing = new Sealing({ store: new SealedStore(db), vault, clock, log: silentLog });
  sealing.start();
  return sealing;
}

const values = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.string({ maxLength: 256, unit: 'grapheme' }),
);
const names = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/);
const times = fc.integer({ min: 0, max: 4_102_444_800_000_000 });

it('opens every value at its place, and at no other', async () => {
  const sealing = (await openVault()).open();
  fc.assert(
    fc.property(names, names, times, values, (device, metric, timeUs, value) => {
      const sealed = sealing.seal(device, metric, timeUs, value) ?? '';
      expect(sealing.open(device, metric, timeUs, sealed)).toBe(value);
      expect(sealing.open(`${device}x`, metric, timeUs, sealed)).toBeUndefined();
      expect(sealing.open(device, `${metric}x`, timeUs, sealed)).toBeUndefined();
      expect(sealing.open(device, metric, timeUs + 1, sealed)).toBeUndefined();
      expect(sealing.seal(device, metric, timeUs, value)).not.toBe(sealed);
    }),
  );
});

it('does not open what was changed in any byte, cut short or made up', async () => {
  const sealing = (await openVault()).open();
  const sealed = sealing.seal('watch', 'spo2', noonUs, 73.4182936) ?? '';
  const bytes = Buffer.from(sealed, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    expect(sealing.open('watch', 'spo2', noonUs, changed.toString('base64url'))).toBeUndefined();
    const cut = bytes.subarray(0, at).toString('base64url');
    expect(sealing.open('watch', 'spo2', noonUs, cut)).toBeUndefined();
  }
  expect(sealing.open('watch', 'spo2', noonUs, 'a text that a device sent')).toBeUndefined();
});

it('opens what was sealed before a restart and before the key file was rotated', async () => {
  const { secrets, store, open } = await openVault();
  const before = open();
  const first = before.seal('watch', 'spo2', noonUs, 97) ?? '';
  const mark = before.fingerprint(Buffer.from('{"spo2":97}'));
  const [firstKey] = store.keys();
  secrets.register('telemetry', (reseal) => before.reseal(reseal));
  await secrets.rotate();
  const second = before.seal('watch', 'spo2', noonUs, 98) ?? '';

  expect(store.keys()).toHaveLength(2);
  expect(store.keys()[0]?.sealed).not.toBe(firstKey?.sealed);
  const again = open();
  for (const sealing of [before, again]) {
    expect(sealing.open('watch', 'spo2', noonUs, first)).toBe(97);
    expect(sealing.open('watch', 'spo2', noonUs, second)).toBe(98);
    expect(sealing.fingerprint(Buffer.from('{"spo2":97}'))).toBe(mark);
  }
  expect(first.slice(0, 6)).not.toBe(second.slice(0, 6));
});

it('does not start with the key file of another home', async () => {
  const { db, open } = await openVault();
  open();
  const other = await openVault();
  expect(() => openSealing(db, other.secrets)).toThrow(
    expect.objectContaining({ code: 'data_directory' }),
  );
});

it('never uses a nonce twice', async () => {
  const { open } = await openVault();
  const [one, other] = [open(), open()];
  const nonces = new Set<string>();
  for (let n = 0; n < 1000; n++) {
    for (const sealing of [one, other]) {
      const sealed = Buffer.from(sealing.seal('watch', 'spo2', noonUs, n) ?? '', 'base64url');
      nonces.add(sealed.subarray(0, 16).toString('hex'));
    }
  }
  expect(nonces.size).toBe(2000);
});
