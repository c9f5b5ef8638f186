import { Readable } from 'node:stream';
import type { z } from '@hono/zod-openapi';
import { type Api, actorOf, type Caller, may, originOf, route, sightOf } from '#auth';
import { HearthError } from '#kernel';
import { contentTypeOf } from './s3.ts';
import * as schema from './schema.ts';
import type { By, Exports } from './service.ts';
import type { ExportJob } from './types.ts';

const tags = ['telemetry'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});

/** History on its way out, relative to `/api/v1`. */
export function exportRoutes(api: Api, exports: Exports): void {
  askingRoutes(api, exports);
  watchingRoutes(api, exports);
}

function askingRoutes(api: Api, exports: Exports): void {
  api.openapi(
    route('telemetry.export', {
      method: 'post',
      path: '/exports',
      tags,
      summary: 'Take history elsewhere: a table for other programs, to download, a folder or S3',
      description:
        'The wide table has a row for every time of a device: device_id, timestamp, a column for ' +
        'each metric, day_of_week (1 is Monday) and hour_of_day on the wall at home. The job runs ' +
        'when those before it are done; one that is asked for again replaces what it wrote.',
      request: {
        body: { required: true, content: { 'application/json': { schema: schema.newExport } } },
      },
      responses: { 202: json('The job', schema.exportJob) },
    }),
    async (context) => {
      const asked = context.req.valid('json');
      const caller = context.get('caller');
      const all = exports.devices.list();
      const job = await exports.add(
        {
          ...schema.spanOf(asked, exports.clock.nowMs()),
          format: asked.format,
          interval: schema.intervalOf(asked),
          partition: asked.partition,
          deviceIds: schema.devicesOf(asked, all, sightOf(context)),
          fields: asked.fields ?? null,
          sensitive: may(caller, 'telemetry.sensitive'),
          destination: destinationOf(asked, caller),
        },
        { devices: asked.devices ?? null, fields: asked.fields ?? null },
        byOf(context),
      );
      return context.json(jobJson(job), 202);
    },
  );

  api.openapi(
    route('telemetry.export', {
      method: 'delete',
      path: '/exports/{id}',
      tags,
      summary: 'Call an export off; one that has ended is forgotten, with its files on the hub',
      request: { params: schema.idParam },
      responses: { 200: json('As it is now, or was', schema.exportJob) },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      return context.json(jobJson(await exports.remove(id, byOf(context))), 200);
    },
  );
}

function watchingRoutes(api: Api, exports: Exports): void {
  api.openapi(
    route('telemetry.export', {
      method: 'get',
      path: '/exports',
      tags,
      summary: 'The last fifty exports, newest first',
      responses: { 200: json('The jobs', schema.exportList) },
    }),
    (context) => {
      const jobs = exports.list().map((job) => {
        const { files: _, ...shown } = jobJson(job);
        return shown;
      });
      return context.json({ exports: jobs }, 200);
    },
  );

  api.openapi(
    route('telemetry.export', {
      method: 'get',
      path: '/exports/{id}',
      tags,
      summary: 'How far an export is, and what it wrote',
      request: { params: schema.idParam },
      responses: { 200: json('The job', schema.exportJob) },
    }),
    (context) => context.json(jobJson(exports.get(context.req.valid('param').id)), 200),
  );

  api.openapi(
    route('telemetry.export', {
      method: 'get',
      path: '/exports/{id}/files/{name}',
      tags,
      summary: 'Download a file of an export that was sent nowhere else',
      request: { params: schema.fileParam },
      responses: { 200: { description: 'The file' } },
    }),
    async (context) => {
      const { id, name } = context.req.valid('param');
      if (exports.get(id).sensitive && !may(context.get('caller'), 'telemetry.sensitive')) {
        throw new HearthError('forbidden', 'this export has values of sensitive metrics in it', {
          hint: 'Export them yourself: they are left out then.',
        });
      }
      const headers = (bytes: number) => ({
        'content-type': contentTypeOf(name),
        'content-length': String(bytes),
        'content-disposition': `attachment; filename="${name.replaceAll('/', '-')}"`,
      });
      // Nobody reads the body of an answer to HEAD, and nobody would close its file.
      if (context.req.method === 'HEAD') {
        return context.body(null, 200, headers(await exports.sizeOf(id, name)));
      }
      const { stream, bytes } = await exports.download(id, name, byOf(context));
      return context.body(
        Readable.toWeb(stream) as ReadableStream<Uint8Array>,
        200,
        headers(bytes),
      );
    },
  );
}

/** @throws HearthError for two places at once, and for a folder that is not the caller's to name. */
function destinationOf({ out, s3 }: schema.NewExport, caller: Caller | undefined): string | null {
  if (out === undefined) return s3 ?? null;
  if (s3 !== undefined) {
    throw new HearthError('bad_request', 'out and s3 are two places: an export goes to one', {
      field: 's3',
    });
  }
  if (caller?.kind !== 'local') {
    throw new HearthError('forbidden', 'out is a folder of the machine the hub runs on', {
      field: 'out',
      hint: 'Leave it out, and download the files; or run hearth export on that machine.',
    });
  }
  if (!out.startsWith('/')) {
    throw new HearthError('bad_request', `out is no absolute path: "${out.slice(0, 80)}"`, {
      field: 'out',
    });
  }
  return out;
}

const byOf = (
  context: Parameters<typeof originOf>[0] & { get(key: 'caller'): Caller | undefined },
): By => ({
  actor: actorOf(context.get('caller')),
  origin: originOf(context),
  maker: makerOf(context.get('caller')),
});

/** Whom a revocation would name. */
const makerOf = (caller: Caller | undefined): string | undefined =>
  caller?.kind === 'person' || caller?.kind === 'token' ? `${caller.kind}:${caller.id}` : undefined;

const jobJson = ({ withheld, devices, fields, files, ...job }: ExportJob) => ({
  ...job,
  devices: devices === null ? null : [...devices],
  fields: fields === null ? null : [...fields],
  withheld: withheld.map(({ device_id, metrics }) => ({ device_id, metrics: [...metrics] })),
  files: files.map((file) => ({ ...file })),
});
