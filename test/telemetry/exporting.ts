import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect, onTestFinished } from 'vitest';
import { type AuditEntry, type Caller, type HearthEnv, localCaller } from '#auth';
import { isHearthError, silentLog } from '#kernel';
import type { Secrets } from '#secrets';
import type { WideExports } from '../../src/telemetry/exports/ports.ts';
import type { S3Settings } from '../../src/telemetry/exports/s3.ts';
import { Exports, type ExportsOptions } from '../../src/telemetry/exports/service.ts';
import type { ExportJob } from '../../src/telemetry/exports/types.ts';
import type { Telemetry } from '../../src/telemetry/service.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { RunningClock } from '../support/running-clock.ts';
import { type Bench, noonMs, startTelemetry } from './support.ts';

const statusOf: Partial<Record<string, ContentfulStatusCode>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unprocessable: 422,
  too_many_requests: 429,
};

export interface ExportingOptions {
  readonly config?: Record<string, unknown>;
  readonly devices?: readonly string[];
  readonly directory?: string;
  readonly s3?: S3Settings;
  readonly secrets?: Secrets;
  readonly freeBytes?: number;
  readonly freeOn?: ExportsOptions['freeOn'];
  readonly onRevoked?: ExportsOptions['onRevoked'];
  readonly sensitive?: Readonly<Record<string, readonly string[]>>;
  /** Stands in for telemetry's own where a test wants to hold it, or see it fail. */
  readonly analysis?: WideExports;
}

export interface Exporting {
  readonly bench: Bench;
  readonly telemetry: Telemetry;
  readonly exports: Exports;
  readonly audit: AuditEntry[];
  readonly directory: string;
  readonly api: (caller?: Caller) => OpenAPIHono<HearthEnv>;
  ask(method: string, path: string, body?: unknown, caller?: Caller): Promise<Response>;
  /** Asks for an export and waits until it has ended. */
  run(body: object, caller?: Caller): Promise<ExportJob>;
  /** A folder of its own for an export. */
  folder(): Promise<string>;
}

/** Telemetry over real files with its exports and their routes, on a clock that runs. */
export async function startExporting(options: ExportingOptions = {}): Promise<Exporting> {
  const directory = options.directory ?? (await temporaryDirectory());
  const clock = new RunningClock(noonMs);
  const ids = options.devices ?? ['fan', 'plug'];
  const { sensitive = {} } = options;
  const bench = await startTelemetry({
    directory,
    config: options.config ?? {},
    exists: (id) => ids.includes(id),
    sensitiveOf: (id) => new Set(sensitive[id] ?? []),
    ...(options.secrets && { vault: options.secrets }),
  });
  const { telemetry } = bench;
  const audit: AuditEntry[] = [];
  const exports = new Exports({
    directory: join(directory, 'exports'),
    dataDirectory: directory,
    history: telemetry,
    snapshots: telemetry,
    analysis: options.analysis ?? telemetry.analysis,
    devices: {
      list: () => ids.map((id) => ({ id })),
      definitionOf: () => ({
        metrics: [
          { name: 'power', unit: 'W' },
          { name: 'energy', unit: 'kWh' },
        ],
      }),
    },
    audit: { append: (entry) => audit.push(entry) },
    s3: options.s3 ?? { region: 'us-east-1' },
    timeZone: telemetry.timeZone,
    freeBytes: options.freeBytes ?? 0,
    ...(options.freeOn && { freeOn: options.freeOn }),
    ...(options.onRevoked && { onRevoked: options.onRevoked }),
    clock,
    log: silentLog,
  });
  await exports.start();
  onTestFinished(() => exports.stop());
  const api = (caller: Caller = localCaller): OpenAPIHono<HearthEnv> => {
    const app = new OpenAPIHono<HearthEnv>({
      defaultHook: (result, context) =>
        result.success ? undefined : context.json({ code: 'bad_request' }, 400),
    });
    app.use(async (context, next) => {
      context.set('caller', caller);
      await next();
    });
    app.onError((error, context) => {
      if (!isHearthError(error)) throw error;
      const { code, field, message, hint } = error;
      return context.json({ code, field, detail: message, hint }, statusOf[code] ?? 500);
    });
    exports.routes(app);
    return app;
  };
  const ask = async (method: string, path: string, body?: unknown, caller?: Caller) =>
    api(caller).request(path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  const run = async (body: object, caller?: Caller): Promise<ExportJob> => {
    const answer = await ask('POST', '/exports', body, caller);
    const asked = (await answer.json()) as ExportJob;
    expect(answer.status, JSON.stringify(asked)).toBe(202);
    return ended(exports, asked.id);
  };
  let folders = 0;
  const folder = async (): Promise<string> => {
    const path = join(await temporaryDirectory(), `out-${++folders}`);
    await mkdir(path);
    return path;
  };
  return { bench, telemetry, exports, audit, directory, api, ask, run, folder };
}

/** The job once it has ended. */
export async function ended(exports: Exports, id: string): Promise<ExportJob> {
  await exports.drained();
  return exports.get(id);
}

export async function parquetRows(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return parquetReadObjects({ file: file as ArrayBuffer, compressors });
}
