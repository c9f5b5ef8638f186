import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Door, openDoor } from './door.ts';

const dayMs = 86_400_000;

/** A device that uses a certificate. */
async function inUse(door: Door, deviceId = 'plug') {
  door.devices.create({ id: deviceId });
  const { certificatePem, notAfter } = await door.authority.issueClient({ deviceId });
  const { raw: der } = new X509Certificate(certificatePem);
  door.devices.onCertificate.emit({ deviceId, der });
  door.clock.advance(5000);
  return { der, endMs: Date.parse(notAfter) };
}

const alertsOf = (door: Door) => {
  door.clock.advance(1000);
  return door.alerts.list(10).filter(({ kind }) => kind === 'certificate_expiring');
};

it('tells once, thirty days ahead, of a certificate that is in use and was not renewed', async () => {
  const door = await openDoor();
  const { endMs } = await inUse(door);
  door.clock.step(endMs - 31.5 * dayMs);
  door.clock.advance(dayMs);
  expect(alertsOf(door)).toEqual([]);
  door.clock.advance(dayMs);
  expect(alertsOf(door)).toMatchObject([{ device_id: 'plug', count: 1 }]);
  door.clock.advance(dayMs);
  expect(alertsOf(door)).toHaveLength(1);
});

it('tells at the start, too, and not again after a restart', async () => {
  const door = await openDoor();
  const { endMs } = await inUse(door);
  await door.joining.stop();
  door.clock.step(endMs - 5 * dayMs);
  await door.joining.start();
  expect(alertsOf(door)).toHaveLength(1);
  await door.joining.stop();
  await door.joining.start();
  expect(alertsOf(door)).toMatchObject([{ count: 1 }]);
});

it('tells nothing of a device that is gone', async () => {
  const door = await openDoor();
  const { endMs } = await inUse(door);
  door.devices.remove('plug');
  door.clock.step(endMs - 5 * dayMs);
  door.clock.advance(dayMs);
  expect(alertsOf(door)).toEqual([]);
});

it('writes the first uses of a fleet together', async () => {
  const door = await openDoor();
  let writes = 0;
  const markUsed = door.authority.markUsed.bind(door.authority);
  door.authority.markUsed = (serials) => {
    if (serials.length > 0) writes += 1;
    markUsed(serials);
  };
  const certificates: Uint8Array[] = [];
  for (let i = 0; i < 30; i++) {
    const { certificatePem } = await door.authority.issueClient({ deviceId: `plug-${i}` });
    certificates.push(new X509Certificate(certificatePem).raw);
  }
  for (let round = 0; round < 2; round++) {
    for (const [i, der] of certificates.entries()) {
      door.devices.onCertificate.emit({ deviceId: `plug-${i}`, der });
    }
    door.clock.advance(5000);
  }
  expect(writes).toBe(1);
  for (const der of certificates) expect(door.authority.firstUse(der)).toBeUndefined();
});
