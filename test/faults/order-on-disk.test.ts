import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { itWith } from '../support/peers.ts';
import { connectNewDevice } from '../support/plain-device.ts';
import { type Call, pubacksIn, readTrace } from './trace.ts';

const traced =
  'trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync,rename,renameat,renameat2';
const isSync = ({ name }: Call) => name === 'fsync' || name === 'fdatasync';
const isJournalWrite = ({ name, target }: Call) =>
  name === 'pwrite64' && target.endsWith('journal.db-wal');
const isJournalSync = (call: Call) => isSync(call) && call.target.endsWith('journal.db-wal');

/** Runs the hub under strace, publishes, and answers with the calls it made. */
async function trace(readings: number, atOnce: number, sealPoints: number): Promise<Call[]> {
  const directory = await temporaryDirectory();
  const file = join(await temporaryDirectory(), 'trace');
  const hub = await HubProcess.start({
    directory,
    wrapper: ['strace', '-f', '-y', '-xx', '-s', '8192', '-e', traced, '-o', file],
    environment: { HEARTH_TELEMETRY_SEAL_POINTS: String(sealPoints) },
  });
  const client = await connectNewDevice(hub, 'plug');
  await new Promise<void>((resolve) => {
    let sent = 0;
    let acknowledged = 0;
    const send = () => {
      sent++;
      client.publish('devices/plug/telemetry', `{"power":${sent}}`, sent);
    };
    client.onPacket = () => {
      if (++acknowledged === readings) resolve();
      else if (sent < readings) send();
    };
    while (sent < atOnce) send();
  });
  client.end();
  await hub.end();
  return readTrace(await readFile(file, 'utf8'));
}

/** Where the hub had read the PUBLISH with this packet id; its topic makes it easy to find. */
const readingOf = (calls: readonly Call[], packetId: number): Call | undefined => {
  const id = Buffer.alloc(2);
  id.writeUInt16BE(packetId);
  const needle = Buffer.concat([
    Buffer.from('devices/plug/telemetry'),
    id,
    Buffer.from('{"power"'),
  ]);
  return calls.find((call) => /^re/.test(call.name) && call.bytes.includes(needle));
};

const test = itWith('strace');

test('writes every PUBACK after the sync of a journal write that follows the PUBLISH', {
  timeout: 60_000,
}, async () => {
  const calls = await trace(60, 5, 1_000_000);
  const acknowledgments = calls.flatMap((call) =>
    /^(write|send)/.test(call.name) ? pubacksIn(call.bytes).map((id) => ({ id, call })) : [],
  );
  expect(acknowledgments.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  for (const { id, call } of acknowledgments) {
    const read = readingOf(calls, id);
    if (read === undefined) throw new Error(`the PUBLISH ${id} is not in the trace`);
    const written = calls.find((other) => isJournalWrite(other) && other.began > read.ended);
    const synced = calls.find(
      (other) => isJournalSync(other) && other.began > (written?.ended ?? Number.POSITIVE_INFINITY),
    );
    expect(synced?.ended ?? Number.POSITIVE_INFINITY, `PUBACK ${id}`).toBeLessThan(call.began);
  }
});

test('syncs a sealed Parquet file and its folder before the journal lets go of its rows', {
  timeout: 60_000,
}, async () => {
  const calls = await trace(100, 10, 100);
  const renamed = calls.find(
    ({ name, bytes }) => name.startsWith('rename') && bytes.includes('.parquet'),
  );
  if (renamed === undefined) throw new Error('nothing was sealed');
  const before = calls.filter((call) => isSync(call) && call.ended < renamed.began);
  expect(before.some(({ target }) => target.includes('.parquet'))).toBe(true);
  const after = calls.filter(({ began }) => began > renamed.ended);
  const folder = after.findIndex(
    (call) => isSync(call) && !/\.(db|db-wal|parquet|log)/.test(call.target),
  );
  const journal = after.findIndex(isJournalWrite);
  expect(folder).toBeGreaterThanOrEqual(0);
  expect(folder).toBeLessThan(journal === -1 ? Number.POSITIVE_INFINITY : journal);
});
