import { z } from '@hono/zod-openapi';
import { type Api, requireControl, route, type Sight, seesEvery, sightOf } from '#auth';
import { requesterOf, waitMsOf, wishesOf } from './asking.ts';
import { unknownBatch, unknownGroup } from './names.ts';
import { body, json } from './openapi.ts';
import { sceneRoutes } from './scene-routes.ts';
import {
  batchIdParam,
  group,
  groupChanges,
  groupCommand,
  groupIdParam,
  newGroup,
  run,
  waitQuery,
} from './schema.ts';
import type { Groups } from './service.ts';
import { runFor, seesRun } from './shown.ts';
import type { Group } from './types.ts';

const tags = ['groups'];

/** Everything under `/groups`, `/scenes` and `/batches`. */
export function groupRoutes(api: Api, groups: Groups): void {
  definitionRoutes(api, groups);
  commandRoutes(api, groups);
  sceneRoutes(api, groups);
}

function definitionRoutes(api: Api, groups: Groups): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/groups',
      tags,
      summary: 'The groups, by name',
      responses: { 200: json('Them', z.object({ groups: z.array(group) })) },
    }),
    (context) => {
      const sight = sightOf(context);
      const seen = groups.list().filter(({ devices }) => seesEvery(sight, devices));
      return context.json({ groups: seen }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/groups',
      tags,
      summary: 'Add a group',
      request: { body: body(newGroup) },
      responses: { 201: json('Added', group) },
    }),
    (context) => context.json(groups.create(context.req.valid('json'), requesterOf(context)), 201),
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/groups/{id}',
      tags,
      summary: 'One group',
      request: { params: groupIdParam },
      responses: { 200: json('The group', group) },
    }),
    (context) => {
      const group = groupFor(sightOf(context), groups, context.req.valid('param').id);
      return context.json(group, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'patch',
      path: '/groups/{id}',
      tags,
      summary: 'Rename a group, or say anew which devices are in it',
      request: { params: groupIdParam, body: body(groupChanges) },
      responses: { 200: json('The group', group) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      return context.json(groups.update(id, context.req.valid('json'), requesterOf(context)), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/groups/{id}',
      tags,
      summary: 'Remove a group that no scene or schedule uses; its devices stay',
      request: { params: groupIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      groups.remove(context.req.valid('param').id, requesterOf(context));
      return context.body(null, 204);
    },
  );
}

function commandRoutes(api: Api, groups: Groups): void {
  api.openapi(
    route('devices.control', {
      method: 'post',
      path: '/groups/{id}/commands',
      tags,
      summary: 'Send one action to every device of a group',
      request: { params: groupIdParam, query: waitQuery, body: body(groupCommand) },
      responses: { 202: json('What became of it so far', run) },
    }),
    async (context) => {
      const { action, value, ...wishes } = context.req.valid('json');
      const { wait, until } = context.req.valid('query');
      const waitMs = waitMsOf(wait);
      const { id } = context.req.valid('param');
      const sight = sightOf(context);
      requireControl(sight, groupFor(sight, groups, id).devices);
      const sent = groups.command(id, { action, value }, requesterOf(context), wishesOf(wishes));
      return context.json(waitMs > 0 ? await groups.settled(sent, waitMs, until) : sent, 202);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/batches/{batch_id}',
      tags,
      summary: 'What became of the commands of a group or scene together',
      request: { params: batchIdParam },
      responses: { 200: json('The combined result', run) },
    }),
    (context) => {
      const { batch_id } = context.req.valid('param');
      const sight = sightOf(context);
      const found = groups.batch(batch_id);
      if (!seesRun(sight, found)) throw unknownBatch(batch_id);
      return context.json(runFor(sight, found), 200);
    },
  );
}

/** @throws HearthError `not_found`, also when not all that is in it is seen. */
function groupFor(sight: Sight, groups: Groups, groupId: string): Group {
  const group = groups.get(groupId);
  if (!seesEvery(sight, group.devices)) throw unknownGroup(groupId);
  return group;
}
