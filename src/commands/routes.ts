import { z } from '@hono/zod-openapi';
import {
  type Api,
  actorOf,
  originOf,
  requireControl,
  route,
  type Sight,
  sightOf,
  unknownDevice,
} from '#auth';
import { unknownCommand } from './record.ts';
import * as schema from './schema.ts';
import type { Commands } from './service.ts';
import { shownTo } from './shown.ts';
import type { CommandFilter } from './store.ts';
import type { Command } from './types.ts';

const tags = ['commands'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});
const commandList = z.object({ commands: z.array(schema.command) });

/** Everything a person or a program asks about commands, relative to `/api/v1`. */
export function commandRoutes(api: Api, commands: Commands): void {
  sendRoute(api, commands);
  listRoutes(api, commands);
  singleRoutes(api, commands);
}

function sendRoute(api: Api, commands: Commands): void {
  api.openapi(
    route('devices.control', {
      method: 'post',
      path: '/devices/{id}/commands',
      tags,
      summary: 'Tell a device to do something',
      description:
        'Answered once the command is on disk and its first attempt is made. With ?wait it is ' +
        'answered when the device has acknowledged it and reported what it did, or it has come to ' +
        'an end; an action that leaves nothing behind is over when it is acknowledged. The same ' +
        'idempotencyKey (or header Idempotency-Key) for the same device within a day is the same ' +
        'command.',
      request: {
        params: schema.deviceIdParam,
        query: schema.wait,
        headers: schema.idempotencyHeader,
        body: { required: true, content: { 'application/json': { schema: schema.newCommand } } },
      },
      responses: {
        202: json('The command as it is now', schema.command),
        409: { description: 'The device is disabled, or the key stands for another command' },
        422: { description: 'The device has no such action, or the value is out of its range' },
        429: { description: 'Too many commands wait for the device' },
      },
    }),
    async (context) => {
      const body = context.req.valid('json');
      const { wait, until } = context.req.valid('query');
      const waitMs = schema.waitMsOf(wait);
      const sent = commands.send({
        deviceId: context.req.valid('param').id,
        action: body.action,
        value: body.value,
        expiresInMs: schema.expiresInMsOf(body),
        idempotencyKey: schema.keyOf(body, context.req.valid('header')['idempotency-key']),
        source: 'manual',
        requestedBy: actorOf(context.get('caller')),
        origin: originOf(context),
      });
      if (waitMs === 0) return context.json(sent, 202);
      return context.json(await commands.settled(sent.id, waitMs, until), 202);
    },
  );
}

function listRoutes(api: Api, commands: Commands): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}/commands',
      tags,
      summary: 'The commands of a device, newest first',
      request: { params: schema.deviceIdParam, query: schema.listQuery },
      responses: { 200: json('The commands', commandList) },
    }),
    (context) => {
      const filter = { ...context.req.valid('query'), deviceId: context.req.valid('param').id };
      return context.json(listFor(sightOf(context), commands, filter), 200);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/commands',
      tags,
      summary: 'The commands of all devices, newest first',
      request: { query: schema.fullListQuery },
      responses: { 200: json('The commands', commandList) },
    }),
    (context) => {
      const { device_id: deviceId, ...filter } = context.req.valid('query');
      const sight = sightOf(context);
      if (deviceId !== undefined && !sight.sees(deviceId)) throw unknownDevice(deviceId);
      return context.json(listFor(sight, commands, { ...filter, deviceId }), 200);
    },
  );
}

function listFor(sight: Sight, commands: Commands, filter: CommandFilter): { commands: Command[] } {
  // The command to begin after is asked about like any other.
  if (filter.before !== undefined) getFor(sight, commands, filter.before);
  const found = commands.list({ ...filter, deviceIds: sight.only() });
  return { commands: found.map((command) => shownTo(sight, [command.device_id], command)) };
}

/** @throws HearthError `not_found`, also when it is for a device that this is not shown. */
function getFor(sight: Sight, commands: Commands, id: string): Command {
  const command = commands.get(id);
  if (!sight.sees(command.device_id)) throw unknownCommand(id);
  return command;
}

function singleRoutes(api: Api, commands: Commands): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/commands/{id}',
      tags,
      summary: 'One command and what happened to it',
      request: { params: schema.commandIdParam },
      responses: { 200: json('The command', schema.commandWithHistory) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const sight = sightOf(context);
      const found = getFor(sight, commands, id);
      const command = shownTo(sight, [found.device_id], found);
      return context.json({ ...command, history: commands.history(id) }, 200);
    },
  );
  api.openapi(
    route('devices.control', {
      method: 'delete',
      path: '/commands/{id}',
      tags,
      summary: 'Give a command up; what was sent may have been done',
      request: { params: schema.commandIdParam },
      responses: {
        200: json('The command', schema.command),
        409: { description: 'It is answered or given up already' },
      },
    }),
    (context) => {
      const actor = actorOf(context.get('caller'));
      const { id } = context.req.valid('param');
      const sight = sightOf(context);
      requireControl(sight, [getFor(sight, commands, id).device_id]);
      return context.json(commands.cancel(id, actor, originOf(context)), 200);
    },
  );
}
