import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type Api, actorOf, type Caller, type HearthEnv, originOf, route } from '#auth';
import { HearthError } from '#kernel';
import { type Dialect, refusalOf } from './answers.ts';
import { textOf } from './body.ts';
import { readPrecision } from './precision.ts';
import type { LineProtocol } from './service.ts';
import { mayWrite, requireImporter } from './writer.ts';

const tags = ['line protocol'];
const text = { 'text/plain': { schema: z.string() } };
const precisions = z.string().optional().openapi({
  description: 'Unit of the timestamps: ns (by default), us, ms or s; version 1 knows m and h too',
});
const importing = z.enum(['true', 'false']).optional().openapi({
  description: 'true: old history is meant, and taken in (owner, admin)',
});
const ignored = z.string().optional().openapi({ description: 'Taken, and of no meaning here' });

const description =
  'Lines of InfluxDB’s line protocol, as they are or as gzip. A token of an owner, an admin or a ' +
  'service writes for every device, and brings in those that are missing; a device writes for itself ' +
  'with its own key. Authorization is Token, Bearer or Basic (the secret is the password). The tag ' +
  'device_id names the device, else the measurement with the values of all tags.';
const answers = {
  204: { description: 'Everything is on disk' },
  400: { description: 'A line cannot be read; what can be is on disk' },
  401: { description: 'No token, or none that works' },
  404: { description: 'There is no such device' },
  413: { description: 'Too much at once' },
  422: { description: 'A line cannot be kept, as one that is too old; what can be is on disk' },
  429: { description: 'Too fast: see Retry-After' },
  507: { description: 'The disk is full' },
};

/** The paths are InfluxDB's own: their clients know no others. */
export function lineProtocolRoutes(api: Api, lines: LineProtocol): void {
  api.openapi(
    route('public', {
      method: 'post',
      path: '/api/v2/write',
      tags,
      summary: 'Write lines, as to InfluxDB 2',
      description,
      request: {
        query: z.object({
          precision: precisions,
          import: importing,
          org: ignored,
          orgID: ignored,
          bucket: ignored,
        }),
        body: { content: text },
      },
      responses: answers,
    }),
    (context) => write(context, lines, 'v2'),
  );
  api.openapi(
    route('public', {
      method: 'post',
      path: '/write',
      tags,
      summary: 'Write lines, as to InfluxDB 1',
      description,
      request: {
        query: z.object({ precision: precisions, import: importing, db: ignored, rp: ignored }),
        body: { content: text },
      },
      responses: answers,
    }),
    (context) => write(context, lines, 'v1'),
  );
  api.openapi(
    route('public', {
      method: 'get',
      path: '/ping',
      tags,
      summary: 'Whether somebody is there, as clients of InfluxDB ask',
      request: { query: z.object({ verbose: z.string().optional() }) },
      responses: {
        200: { description: 'With verbose=true: yes' },
        204: { description: 'Yes' },
      },
    }),
    (context) => {
      const headers = { 'x-influxdb-build': 'Hearth', 'x-influxdb-version': '2.0.0-hearth' };
      const { verbose } = context.req.valid('query');
      return verbose === undefined || verbose === 'false' || verbose === '0'
        ? new Response(null, { status: 204, headers })
        : Response.json({ version: '2.0.0-hearth' }, { headers });
    },
  );
}

async function write(
  context: Context<HearthEnv>,
  lines: LineProtocol,
  dialect: Dialect,
): Promise<Response> {
  try {
    const caller = requireWriter(context, lines);
    const isImport = context.req.query('import') === 'true';
    if (isImport) requireImporter(caller);
    const precision = readPrecision(context.req.query('precision'));
    if (precision === undefined) throw noPrecision(context.req.query('precision') ?? '');
    const body = new Uint8Array(await context.req.arrayBuffer());
    const { error, line } = await lines.write({
      text: await textOf(body, context.req.header('content-encoding')),
      precision,
      caller,
      by: { actor: actorOf(caller), origin: originOf(context) },
      isImport,
    });
    return error === undefined ? context.body(null, 204) : refusalOf(error, dialect, line);
  } catch (error) {
    return refusalOf(error, dialect);
  }
}

/** Whoever writes, by what `http` found out or, as clients of InfluxDB 1 do it, by Basic (RFC 7617). */
function requireWriter(context: Context<HearthEnv>, lines: LineProtocol): Caller {
  const password = passwordOf(context.req.header('authorization'));
  const caller = context.get('caller') ?? (password && lines.callerOf(password)) ?? undefined;
  if (typeof caller !== 'object') {
    throw new HearthError('unauthenticated', 'unauthorized access', {
      hint: 'send Authorization: Token with a token from `hearth token create --role service`',
    });
  }
  if (mayWrite(caller)) return caller;
  throw new HearthError('forbidden', `${caller.name} may not write readings`, {
    hint: 'use a token of role service, or the key of a device',
  });
}

function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]{1,4096})$/i.exec(authorization?.trim() ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const spelled = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = spelled.indexOf(':');
  return colon < 0 ? undefined : spelled.slice(colon + 1) || undefined;
}

const noPrecision = (spelled: string): HearthError =>
  new HearthError('bad_request', `invalid precision "${spelled.slice(0, 20)}"`, {
    field: 'precision',
    hint: 'ns, us, ms or s',
  });
