import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import S3rver from 's3rver';
import { onTestFinished } from 'vitest';
import type { S3Settings } from '../../src/telemetry/exports/s3.ts';

/** The key that s3rver knows of old. */
const accessKeyId = 'S3RVER';
const secretAccessKey = 'S3RVER';

export interface S3Server {
  readonly settings: S3Settings;
  /** What was asked of it: `PUT /bucket/key`. */
  readonly asked: string[];
  /** Answers instead of the storage while there is any: a status for each request. */
  readonly trouble: number[];
}

/**
 * s3rver behind a gate that checks what it does not: that a request is signed by Signature Version 4
 * (AWS General Reference, "Create a signed request"), and that its body is the one that was signed.
 */
export async function startS3(directory: string, ...buckets: readonly string[]): Promise<S3Server> {
  const storage = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: buckets.map((name) => ({ name })),
  });
  const { port: storagePort } = await storage.run();
  const asked: string[] = [];
  const trouble: number[] = [];
  const gate = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    asked.push(`${incoming.method} ${incoming.url?.split('?')[0]}`);
    const status = trouble.shift();
    if (status !== undefined) {
      outgoing.writeHead(status).end();
      return;
    }
    if (!isSigned(incoming, body)) {
      const type = { 'content-type': 'application/xml' };
      outgoing.writeHead(403, type).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = request({ host: '127.0.0.1', port: storagePort, method, path: url, headers });
    forwarded.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.once('error', () => outgoing.destroy());
    forwarded.end(body);
  }
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  onTestFinished(async () => {
    gate.close();
    gate.closeAllConnections();
    await storage.close();
  });
  const { port } = gate.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    settings: { endpoint, region: 'us-east-1', accessKeyId, secretAccessKey },
    asked,
    trouble,
  };
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

function isSigned({ method, url = '', headers }: IncomingMessage, body: Buffer): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (match === null || match[1] !== accessKeyId) return false;
  const [, , day = '', region = '', names = '', signature] = match;
  const payload = String(headers['x-amz-content-sha256']);
  if (payload !== sha256(body)) return false;
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query.split('&').sort().join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), 's3'), 'aws4_request');
  return hmac(key, toSign).toString('hex') === signature;
}
