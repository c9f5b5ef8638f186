/**
 * Telemetry in a process of its own that ends at a named moment, as a power cut would end it. It does
 * what it is told and says when that is done.
 *
 *   node test/faults/telemetry-process.ts <directory> <moment>
 */
import { join } from 'node:path';
import { loadConfig } from '#config';
import { migrate, migrations, openDatabase } from '#db';
import { silentLog } from '#kernel';
import { Telemetry } from '../../src/telemetry/service.ts';
import type { FaultPoint } from '../../src/telemetry/worker/fault-points.ts';
import { ManualClock } from '../support/clock.ts';
import { noonMs } from '../telemetry/support.ts';
import { devicesOf, keepRaw, killConfig, type Order } from './kill-scenarios.ts';

const [directory = '', dieAt = ''] = process.argv.slice(2);
const db = openDatabase(join(directory, 'hearth.db'));
migrate(db, migrations);
const clock = new ManualClock(noonMs);
const telemetry = new Telemetry({
  directory: join(directory, 'telemetry'),
  db,
  config: loadConfig({ environment: {}, overrides: { data: directory, ...killConfig } }),
  clock,
  log: silentLog,
  devices: {
    exists: () => true,
    latest: () => undefined,
    sensitiveOf: () => new Set(),
    list: () => devicesOf,
  },
  dieAt: dieAt as FaultPoint,
});
await telemetry.start();

process.on('message', (order: Order) => {
  perform(order).then(
    () => process.send?.('done'),
    (error) => process.send?.(String(error)),
  );
});
process.send?.('done');

async function perform(order: Order): Promise<void> {
  switch (order.verb) {
    case 'store':
      await telemetry.submit({ deviceId: order.deviceId, body: order.body, source: 'http' })
        .committed;
      return;
    case 'seal':
      return telemetry.seal();
    case 'compact':
      return telemetry.compact();
    case 'erase':
      await telemetry.erase({ ...order.what, actor: 'local' });
      return;
    case 'forget':
      await telemetry.forget(order.deviceId);
      return telemetry.erased();
    case 'rule':
      keepRaw(telemetry, order.deviceId, order.days);
      return;
    case 'later':
      clock.step(noonMs + order.days * 86_400_000);
      clock.advance(3_700_000);
      while ((await telemetry.retentionPlan(0)).going.length > 0);
  }
}
