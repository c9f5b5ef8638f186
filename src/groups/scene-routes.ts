import { z } from '@hono/zod-openapi';
import { type Api, requireControl, route, type Sight, sightOf } from '#auth';
import { requesterOf, waitMsOf, wishesOf } from './asking.ts';
import { unknownScene } from './names.ts';
import { body, json, optionalBody } from './openapi.ts';
import {
  newScene,
  run,
  runWishes,
  scene,
  sceneChanges,
  sceneIdParam,
  waitQuery,
} from './schema.ts';
import type { Groups } from './service.ts';
import { devicesOfScene, sceneFor, seesScene } from './shown.ts';
import type { Scene } from './types.ts';

const tags = ['scenes'];

/** Everything under `/scenes`. */
export function sceneRoutes(api: Api, groups: Groups): void {
  const { scenes } = groups;
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/scenes',
      tags,
      summary: 'The scenes, by name',
      responses: { 200: json('Them', z.object({ scenes: z.array(scene) })) },
    }),
    (context) => {
      const sight = sightOf(context);
      const seen = scenes.list().filter((found) => seesScene(sight, groups, found));
      return context.json({ scenes: seen.map((found) => sceneFor(sight, groups, found)) }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/scenes',
      tags,
      summary: 'Add a scene',
      description:
        'Each command is for one device or for every device of a group, and has to fit the type of ' +
        'each. Of commands for the same device and property the last one is sent.',
      request: { body: body(newScene) },
      responses: { 201: json('Added', scene) },
    }),
    (context) => context.json(scenes.create(context.req.valid('json'), requesterOf(context)), 201),
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/scenes/{id}',
      tags,
      summary: 'One scene',
      request: { params: sceneIdParam },
      responses: { 200: json('The scene', scene) },
    }),
    (context) => {
      const sight = sightOf(context);
      const found = sceneSeen(sight, groups, context.req.valid('param').id);
      return context.json(sceneFor(sight, groups, found), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'patch',
      path: '/scenes/{id}',
      tags,
      summary: 'Rename a scene, or say anew what it does',
      request: { params: sceneIdParam, body: body(sceneChanges) },
      responses: { 200: json('The scene', scene) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      return context.json(scenes.update(id, context.req.valid('json'), requesterOf(context)), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/scenes/{id}',
      tags,
      summary: 'Remove a scene',
      request: { params: sceneIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      scenes.remove(context.req.valid('param').id, requesterOf(context));
      return context.body(null, 204);
    },
  );
  api.openapi(
    route('devices.control', {
      method: 'post',
      path: '/scenes/{id}/run',
      tags,
      summary: 'Run a scene',
      request: { params: sceneIdParam, query: waitQuery, body: optionalBody(runWishes) },
      responses: { 202: json('What became of it so far', run) },
    }),
    async (context) => {
      const { wait, until } = context.req.valid('query');
      const waitMs = waitMsOf(wait);
      const wishes = wishesOf(context.req.valid('json'));
      const { id } = context.req.valid('param');
      const sight = sightOf(context);
      requireControl(sight, devicesOfScene(groups, sceneSeen(sight, groups, id)));
      const sent = scenes.run(id, requesterOf(context), wishes);
      return context.json(waitMs > 0 ? await groups.settled(sent, waitMs, until) : sent, 202);
    },
  );
}

/** @throws HearthError `not_found`, also when not all that it is for is seen. */
function sceneSeen(sight: Sight, groups: Groups, sceneId: string): Scene {
  const scene = groups.scenes.get(sceneId);
  if (!seesScene(sight, groups, scene)) throw unknownScene(sceneId);
  return scene;
}
