import { z } from '@hono/zod-openapi';
import { type Api, actorOf, route } from '#auth';
import { json, optionalBody } from './openapi.ts';
import {
  batch,
  batchParam,
  batchQuery,
  joined,
  joinRequest,
  newWindow,
  openedWindow,
  windowState,
} from './schema.ts';
import type { Join } from './service.ts';
import type { BatchRecord } from './store.ts';
import { visitorOf } from './visitor.ts';

const tags = ['join'];
const pem = 'application/x-pem-file';

/** `/join`: the door for new devices, and what the owner sees of it. */
export function joinRoutes(api: Api, join: Join): void {
  windowRoutes(api, join);
  batchRoutes(api, join);
  api.openapi(
    route('public', {
      method: 'post',
      path: '/join',
      tags,
      summary: 'Come in with a join code or a registered key; the answer is the certificate',
      request: {
        body: { required: true, content: { 'application/json': { schema: joinRequest } } },
      },
      responses: {
        201: {
          description: 'The certificate and the authority after it, PEM; as JSON if Accept asks',
          content: { [pem]: { schema: z.string() }, 'application/json': { schema: joined } },
        },
      },
    }),
    async (context) => {
      const admission = await join.enrolment.join(context.req.valid('json'), visitorOf(context));
      const { deviceId, certificatePem, notAfter } = admission;
      const ca = join.authority.caPem;
      if (/\bapplication\/json\b/i.test(context.req.header('accept') ?? '')) {
        return context.json(
          {
            id: deviceId,
            certificate: certificatePem,
            ca,
            not_after: notAfter,
            mqtts_port: join.mqttsPort() ?? null,
          },
          201,
        );
      }
      return context.body(`${certificatePem.trim()}\n${ca}`, 201, { 'content-type': pem });
    },
  );
}

function windowRoutes(api: Api, join: Join): void {
  api.openapi(
    route('join.manage', {
      method: 'post',
      path: '/join/window',
      tags,
      summary: 'Open a window in which one new device may come in with a code',
      request: { body: optionalBody(newWindow) },
      responses: { 201: json('Opened', openedWindow) },
    }),
    (context) => {
      const { minutes, id, code } = newWindow.parse(context.req.valid('json'));
      const by = { actor: actorOf(context.get('caller')), origin: visitorOf(context).origin };
      const opened = join.openWindow({ minutes, deviceId: id, code }, by);
      return context.json(
        {
          code: opened.code,
          id: id ?? null,
          expires_at: new Date(opened.expiresAtMs).toISOString(),
        },
        201,
      );
    },
  );
  api.openapi(
    route('join.manage', {
      method: 'get',
      path: '/join/window',
      tags,
      summary: 'Whether a window is open, until when, and who came in',
      responses: { 200: json('The window', windowState) },
    }),
    (context) => {
      const state = join.window.state();
      return context.json(
        {
          open: state !== undefined && state.usedBy === undefined,
          expires_at: state === undefined ? null : new Date(state.expiresAtMs).toISOString(),
          id: state?.deviceId ?? null,
          tries_left: state?.triesLeft ?? null,
          joined: state?.usedBy ?? null,
        },
        200,
      );
    },
  );
  api.openapi(
    route('join.manage', {
      method: 'delete',
      path: '/join/window',
      tags,
      summary: 'Close the window',
      responses: { 204: { description: 'Closed' } },
    }),
    (context) => {
      const { origin } = visitorOf(context);
      join.closeWindow({ actor: actorOf(context.get('caller')), origin });
      return context.body(null, 204);
    },
  );
}

function batchRoutes(api: Api, join: Join): void {
  api.openapi(
    route('join.manage', {
      method: 'post',
      path: '/join/batch',
      tags,
      summary: 'Register the keys of a production batch: CSV with id,public_key[,type,name]',
      request: {
        query: batchQuery,
        body: { required: true, content: { 'text/csv': { schema: z.string() } } },
      },
      responses: { 201: json('Registered: all of it, or nothing', batch) },
    }),
    async (context) => {
      const actor = actorOf(context.get('caller'));
      const added = join.addBatch(await context.req.text(), {
        name: context.req.valid('query').name,
        actor,
        origin: visitorOf(context).origin,
      });
      return context.json(batchJson(added), 201);
    },
  );
  api.openapi(
    route('join.manage', {
      method: 'get',
      path: '/join/batch',
      tags,
      summary: 'The batches, newest first',
      responses: { 200: json('They', z.object({ batches: z.array(batch) })) },
    }),
    (context) => context.json({ batches: join.batches.list().map(batchJson) }, 200),
  );
  api.openapi(
    route('join.manage', {
      method: 'delete',
      path: '/join/batch/{id}',
      tags,
      summary: 'Forget the keys of a batch; devices that joined stay',
      request: { params: batchParam },
      responses: { 204: { description: 'Forgotten' } },
    }),
    (context) => {
      const { origin } = visitorOf(context);
      const { id } = context.req.valid('param');
      join.removeBatch(id, { actor: actorOf(context.get('caller')), origin });
      return context.body(null, 204);
    },
  );
}

const batchJson = ({ id, name, devices, claimed, addedAtMs, addedBy }: BatchRecord) => ({
  id,
  name,
  devices,
  claimed,
  added_at: new Date(addedAtMs).toISOString(),
  added_by: addedBy,
});
