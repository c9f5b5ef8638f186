import type { z } from '@hono/zod-openapi';
import { type Api, actorOf, type Caller, originOf, route } from '#auth';
import { HearthError } from '#kernel';
import * as schema from './schema.ts';
import type { Imports } from './service.ts';
import type { ImportJob } from './types.ts';

const tags = ['telemetry'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});

/** History on its way in, relative to `/api/v1`: for whoever sits at the machine. */
export function importRoutes(api: Api, imports: Imports): void {
  api.openapi(
    route('system.manage', {
      method: 'post',
      path: '/imports',
      tags,
      summary: 'Bring history in from files of this machine; nobody but its owner there may',
      description:
        'Exports of Hearth (parquet, csv, jsonl), line protocol, and the database of Home Assistant’s ' +
        'recorder. What is brought in twice counts once. It is no news: no value of a device changes ' +
        'by it, and nothing is switched. Devices that are missing come in as type generic.',
      request: {
        body: { required: true, content: { 'application/json': { schema: schema.newImport } } },
      },
      responses: { 202: json('The job', schema.importJob) },
    }),
    async (context) => {
      const caller = context.get('caller');
      requireLocal(caller);
      const { path, format, device_id, device_map, as_readings } = context.req.valid('json');
      const request = {
        ...{ path, format, device: device_id, map: device_map },
        asReadings: as_readings,
      };
      const by = { actor: actorOf(caller), origin: originOf(context) };
      return context.json(shown(await imports.add(request, by)), 202);
    },
  );
  api.openapi(
    route('system.manage', {
      method: 'get',
      path: '/imports',
      tags,
      summary: 'The imports since the hub started, newest first',
      responses: { 200: json('The jobs', schema.importList) },
    }),
    (context) => context.json({ imports: imports.list().map(shown) }, 200),
  );
  api.openapi(
    route('system.manage', {
      method: 'get',
      path: '/imports/{id}',
      tags,
      summary: 'How far an import is, and what it left out',
      request: { params: schema.idParam },
      responses: { 200: json('The job', schema.importJob) },
    }),
    (context) => context.json(shown(imports.get(context.req.valid('param').id)), 200),
  );
  api.openapi(
    route('system.manage', {
      method: 'delete',
      path: '/imports/{id}',
      tags,
      summary: 'Call an import off; what it brought in stays',
      request: { params: schema.idParam },
      responses: { 200: json('As it is now', schema.importJob) },
    }),
    async (context) =>
      context.json(shown(await imports.cancel(context.req.valid('param').id)), 200),
  );
}

/** Any file that the hub can read is read: that is for its machine's owner alone. */
function requireLocal(caller: Caller | undefined): void {
  if (caller?.kind === 'local') return;
  throw new HearthError('forbidden', 'files of the machine are brought in at the machine itself', {
    field: 'path',
    hint: 'Run hearth import there; or write lines to /api/v2/write?import=true from anywhere.',
  });
}

const shown = (job: ImportJob) => ({
  ...job,
  progress: { ...job.progress },
  devices: [...job.devices],
  unmatched: [...job.unmatched],
  reasons: job.reasons.map((one) => ({ ...one })),
});
