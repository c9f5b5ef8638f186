import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import type { S3Settings } from '../../src/telemetry/exports/s3.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { type S3Server, startS3 } from '../support/s3-server.ts';
import { startExporting } from '../telemetry/exporting.ts';
import { noonUs, secondUs, store } from '../telemetry/support.ts';

const asked = {
  start: '2026-01-30T00:00:00Z',
  end: '2026-02-01T00:00:00Z',
  format: 'parquet',
  s3: 's3://history/home/years',
};

async function start(settings: (of: S3Settings) => S3Settings = (of) => of) {
  const storage = await startS3(await temporaryDirectory(), 'history');
  const home = await startExporting({ s3: settings(storage.settings) });
  await store(home.telemetry, 'plug', { ts: noonUs - 86_400 * secondUs, power: 60.5 });
  await store(home.telemetry, 'plug', { ts: noonUs - secondUs, power: 61 });
  return { ...home, storage };
}

function clientOf({ settings }: S3Server): S3Client {
  const { endpoint = '', region, accessKeyId = '', secretAccessKey = '' } = settings;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
}

async function keysIn(storage: S3Server): Promise<(string | undefined)[]> {
  const client = clientOf(storage);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'history' }));
  return Contents.map(({ Key }) => Key);
}

async function objectIn(storage: S3Server, key: string): Promise<Uint8Array> {
  const client = clientOf(storage);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'history', Key: key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

describe('an export to storage that speaks S3', () => {
  it('puts the files where they were wanted, signed, the manifest last, and keeps none', async () => {
    const { run, storage, directory } = await start();
    const job = await run(asked);
    expect([job.status, job.problem]).toEqual(['done', null]);
    expect(storage.asked.filter((line) => line.startsWith('PUT'))).toEqual([
      'PUT /history/home/years/date%3D2026-01-30/part-0.parquet',
      'PUT /history/home/years/date%3D2026-01-31/part-0.parquet',
      'PUT /history/home/years/_manifest.json',
    ]);
    const bytes = await objectIn(storage, 'home/years/date=2026-01-31/part-0.parquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    expect(await parquetReadObjects({ file: file as ArrayBuffer, compressors })).toMatchObject([
      { device_id: 'plug', power: 61 },
    ]);
    expect(readdirSync(join(directory, 'exports'))).toEqual(['jobs.json']);
  });

  it('replaces an earlier one in that place', async () => {
    const { run, storage } = await start();
    await run(asked);
    const again = await run({ ...asked, start: '2026-01-31T00:00:00Z' });
    expect(again.status).toBe('done');
    expect(await keysIn(storage)).toEqual([
      'home/years/_manifest.json',
      'home/years/date=2026-01-31/part-0.parquet',
    ]);
  });

  it('reads no more of what lies there than a manifest has', async () => {
    const { run, storage } = await start();
    const client = clientOf(storage);
    const put = (name: string, Body: string) =>
      client.send(new PutObjectCommand({ Bucket: 'history', Key: `home/years/${name}`, Body }));
    const stale = 'date=2020-01-01/part-0.parquet';
    await put(stale, 'x');
    await put('_manifest.json', JSON.stringify({ files: [{ name: stale }], x: ' '.repeat(17e6) }));
    expect((await run(asked)).status).toBe('done');
    // As of a place that no export was sent to: nothing there is taken for one's own.
    expect(await keysIn(storage)).toContain(`home/years/${stale}`);
  });

  it('tries again when the storage has too much to do', async () => {
    const { run, storage } = await start();
    // First it is asked for an earlier manifest.
    storage.trouble.push(404, 503, 500);
    const job = await run(asked);
    expect(job.status).toBe('done');
    expect(storage.asked.filter((line) => line.includes('2026-01-30'))).toHaveLength(3);
  });

  it.each<[string, object, (of: S3Settings) => S3Settings, string]>([
    ['a wrong secret', {}, (of) => ({ ...of, secretAccessKey: 'Zwiebelturm' }), 'refuses the key'],
    ['a key that nobody knows', {}, (of) => ({ ...of, accessKeyId: 'NOBODY' }), 'refuses the key'],
    ['no such bucket', { s3: 's3://elsewhere/x' }, (of) => of, 'there is no bucket "elsewhere"'],
    [
      'nobody there',
      {},
      (of) => ({ ...of, endpoint: 'http://127.0.0.1:9' }),
      'could not be written to: ECONNREFUSED',
    ],
  ])('says so, and no secret: %s', async (_, body, settings, words) => {
    const { run, directory } = await start(settings);
    const job = await run({ ...asked, ...body });
    expect(job.status).toBe('failed');
    expect(job.problem?.message).toContain(words);
    const kept = await readFile(join(directory, 'exports', 'jobs.json'), 'utf8');
    expect(kept).not.toContain('Zwiebelturm');
    expect(readdirSync(join(directory, 'exports'))).toEqual(['jobs.json']);
  });

  it('is called off while it is sent', async () => {
    const { ask, exports, storage } = await start();
    storage.trouble.push(404, 503, 503, 503);
    const { id } = (await (await ask('POST', '/exports', asked)).json()) as { id: string };
    while (storage.asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await ask('DELETE', `/exports/${id}`);
    expect(exports.get(id).status).toBe('cancelled');
    expect(storage.asked.some((line) => line.includes('_manifest') && line.startsWith('PUT'))).toBe(
      false,
    );
  });
});
