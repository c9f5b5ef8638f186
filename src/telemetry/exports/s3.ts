import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, HearthError } from '#kernel';
import { isExportFile, manifestName } from './files.ts';
import type { ExportFile } from './types.ts';

/** Storage that speaks S3, as the settings have it. */
export interface S3Settings {
  /** Amazon's own when not set. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

/** Where in a bucket: objects are called `prefix/name`. */
export interface S3Place {
  readonly bucket: string;
  readonly prefix: string;
}

/** What one PutObject takes (Amazon S3 user guide, "Uploading objects"). */
const mostObjectBytes = 5 * 1024 ** 3;
/** Ours has a line for each day and each device. */
const mostManifestBytes = 16 * 1024 ** 2;
const attempts = 4;
const firstPauseMs = 500;
const connectMs = 10_000;
const silenceMs = 60_000;

/** @throws HearthError `bad_request` for what is no `s3://bucket/prefix`. */
export function s3PlaceOf(url: string): S3Place {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(url);
  const prefix = (match?.[2] ?? '').replace(/^\/+|\/+$/g, '');
  const isClean = /^[\w!.*'() =+@/-]*$/.test(prefix) && !prefix.split('/').includes('..');
  if (match?.[1] === undefined || !isClean) {
    throw new HearthError('bad_request', `s3 is no place in S3: "${url.slice(0, 80)}"`, {
      field: 's3',
      hint: 'Write s3://bucket/prefix.',
    });
  }
  return { bucket: match[1], prefix };
}

export interface UploadParts {
  readonly settings: S3Settings;
  readonly clock: Clock;
}

/**
 * Sends the files of an export below `folder` to a bucket, the manifest last; those of an earlier
 * export in that place that are not among them are removed.
 * @throws HearthError that never holds a key, or the reason of `signal`.
 */
export async function upload(
  folder: string,
  files: readonly ExportFile[],
  place: S3Place,
  { settings, clock }: UploadParts,
  signal: AbortSignal,
): Promise<void> {
  // Loaded by whoever needs it: it is the largest library of all.
  const { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } = await import(
    '@aws-sdk/client-s3'
  );
  const client = await clientOf(settings);
  const keyOf = (name: string) => (place.prefix === '' ? name : `${place.prefix}/${name}`);
  const bucket = place.bucket;
  const attempt = <Result>(action: () => Promise<Result>) =>
    retrying(action, bucket, clock, signal);
  const put = (name: string) =>
    attempt(async () => {
      const path = join(folder, name);
      const { size } = await stat(path);
      if (size > mostObjectBytes) throw tooLarge(name);
      // Signed with the rest, so that nothing else arrives in its place; of a stream the SDK does not.
      const checksum = await sha256Of(path);
      const body = createReadStream(path);
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: keyOf(name),
        Body: body,
        ContentLength: size,
        ContentType: contentTypeOf(name),
      });
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          headers['x-amz-content-sha256'] = checksum;
          return next(args);
        },
        { step: 'build' },
      );
      try {
        await client.send(command, { abortSignal: signal });
      } finally {
        body.destroy();
      }
    });
  // A key that may only write is a good one to have: then what was there before stays.
  const remove = (name: string) =>
    client
      .send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(name) }), { abortSignal: signal })
      .catch(() => undefined);
  try {
    const before = await client
      .send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(manifestName) }), {
        abortSignal: signal,
      })
      .then(async ({ Body }) => filesIn(await textOf(Body as Readable | undefined)))
      .catch(() => []);
    // Whoever finds no manifest knows that the files are not all there.
    if (before.length > 0) await remove(manifestName);
    for (const { name } of files) await put(name);
    const kept = new Set(files.map(({ name }) => name));
    for (const name of before) if (!kept.has(name)) await remove(name);
    await put(manifestName);
  } finally {
    client.destroy();
  }
}

async function clientOf(settings: S3Settings): Promise<S3Client> {
  const { endpoint, region, accessKeyId, secretAccessKey } = settings;
  if (accessKeyId === undefined || secretAccessKey === undefined) throw notSetUp();
  const { S3Client: Client } = await import('@aws-sdk/client-s3');
  return new Client({
    region,
    credentials: { accessKeyId, secretAccessKey },
    // Buckets as part of the host name are Amazon's own way; others have one name and one address.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Newer checksums are refused by storage that does not know them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A body that was half read cannot be sent again: see `retrying`.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectMs, socketTimeout: silenceMs },
    // It would write to the console.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

/** @throws HearthError when storage is not set up. */
export function requireS3({ accessKeyId, secretAccessKey }: S3Settings): void {
  if (accessKeyId === undefined || secretAccessKey === undefined) throw notSetUp();
}

const notSetUp = (): HearthError =>
  new HearthError('unprocessable', 's3 cannot be written to: no key is set up', {
    field: 's3',
    hint: 'Set s3.access_key_id and s3.secret_access_key, and s3.endpoint where it is not Amazon.',
  });

async function retrying<Result>(
  action: () => Promise<Result>,
  bucket: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HearthError) throw error;
      if (attempt === attempts || !isPassing(error)) throw problemOf(error, bucket);
      await pause(firstPauseMs * 2 ** (attempt - 1), clock, signal);
    }
  }
}

interface S3Failure {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Whether it may go well next time: the network, or a server that has too much to do. */
function isPassing(error: unknown): boolean {
  const status = (error as S3Failure).$metadata?.httpStatusCode;
  return status === undefined || status === 429 || status >= 500;
}

/** In words of our own: those of a server may repeat what it was sent. */
function problemOf(error: unknown, bucket: string): HearthError {
  const { name, code, $metadata } = error as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (name === 'NoSuchBucket') {
    return new HearthError('unprocessable', `there is no bucket "${bucket}"`, {
      field: 's3',
      hint: 'Make it, or mend the name.',
    });
  }
  if (status === 401 || status === 403) {
    return new HearthError('unprocessable', `the storage refuses the key of this hub (${name})`, {
      field: 's3',
      hint: `Mend s3.access_key_id and s3.secret_access_key, or let the key write to "${bucket}".`,
    });
  }
  const why = status === undefined ? (code ?? name ?? 'no answer') : `status ${status}, ${name}`;
  return new HearthError('unavailable', `the storage could not be written to: ${why}`, {
    field: 's3',
    hint: 'Look at s3.endpoint and s3.region, and whether the storage is up.',
    retryable: true,
  });
}

function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** What is said there, as far as a manifest of ours goes; whose storage it is, is not known. */
async function textOf(body: Readable | undefined): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += (part as Buffer).byteLength;
    if (bytes > mostManifestBytes) return '{}';
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString();
}

/** The files that a manifest tells of. */
function filesIn(manifest: string): string[] {
  const written = JSON.parse(manifest) as { files?: readonly { name?: unknown }[] };
  return (written.files ?? []).map(({ name }) => String(name)).filter(isExportFile);
}

const tooLarge = (name: string): HearthError =>
  new HearthError('unprocessable', `${name} is larger than 5 GB, which S3 does not take at once`, {
    field: 'partition',
    hint: 'Partition the export by date.',
  });

const types: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  json: 'application/json',
};

export const contentTypeOf = (name: string): string =>
  types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
