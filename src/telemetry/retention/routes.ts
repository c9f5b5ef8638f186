import type { z } from '@hono/zod-openapi';
import { type Api, actorOf, originOf, route, sightOf, unknownDevice } from '#auth';
import { HearthError, isoOfMicroseconds, parseTimeMs } from '#kernel';
import { readList } from '../schema.ts';
import { latestUs } from '../timestamp.ts';
import * as schema from './schema.ts';
import type { Retention } from './service.ts';
import type { ErasureRequest, Going } from './types.ts';

const tags = ['retention'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});

/** What the routes need of telemetry. */
export interface Letting {
  readonly retention: Retention;
  readonly clock: { nowMs(): number };
  readonly devices: { exists(deviceId: string): boolean };
  /** What goes next, and within so many days. */
  retentionPlan(days: number): Promise<RetentionPlan>;
  /** Answers how many readings went. */
  erase(request: ErasureRequest): Promise<number>;
}

export interface RetentionPlan {
  readonly atUs: number;
  readonly freeBytes: number | undefined;
  readonly floorBytes: number;
  /** Soonest first. */
  readonly going: readonly Going[];
}

/** How long history is kept, and how it is deleted, relative to `/api/v1`. */
export function retentionRoutes(api: Api, telemetry: Letting): void {
  ruleRoutes(api, telemetry);
  planRoute(api, telemetry);
  deletionRoute(api, telemetry);
}

function ruleRoutes(api: Api, { retention }: Letting): void {
  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/retention',
      tags,
      summary: 'How long readings are kept, and the rules for some of them',
      responses: { 200: json('The settings and the rules', schema.retentionAnswer) },
    }),
    (context) => {
      const { raw, '1m': minute, '1h': hour, '1d': day } = retention.home;
      return context.json(
        {
          home: { raw_days: raw, minute_days: minute, hour_days: hour, day_days: day },
          rules: retention.rules().map(schema.ruleJson),
        },
        200,
      );
    },
  );
  api.openapi(
    route('telemetry.delete', {
      method: 'put',
      path: '/retention/rules',
      tags,
      summary: 'Keep the readings of a device, or of a type of device, for longer or shorter',
      description:
        'Sums by the minute, hour and day are kept apart from raw readings. What a rule does not ' +
        'say is left to a wider one: a metric of a device, the device, a metric of its type, the ' +
        'type, the settings. A rule about the same takes the place of the one before.',
      request: {
        body: { required: true, content: { 'application/json': { schema: schema.newRule } } },
      },
      responses: { 200: json('The rule', schema.rule) },
    }),
    (context) => {
      const by = { actor: actorOf(context.get('caller')), origin: originOf(context) };
      const rule = retention.put(schema.ruleOf(context.req.valid('json')), by);
      return context.json(schema.ruleJson(rule), 200);
    },
  );
  api.openapi(
    route('telemetry.delete', {
      method: 'delete',
      path: '/retention/rules/{id}',
      tags,
      summary: 'Remove a rule; what it was about is kept as a wider one says',
      request: { params: schema.ruleIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      const by = { actor: actorOf(context.get('caller')), origin: originOf(context) };
      retention.remove(context.req.valid('param').id, by);
      return context.body(null, 204);
    },
  );
}

function planRoute(api: Api, telemetry: Letting): void {
  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/retention/plan',
      tags,
      summary: 'What would go at the next housekeeping, and in the coming days',
      request: { query: schema.planQuery },
      responses: { 200: json('What would go, soonest first', schema.planAnswer) },
    }),
    async (context) => {
      const { days, limit } = context.req.valid('query');
      const { atUs, freeBytes, floorBytes, going } = await telemetry.retentionPlan(days);
      return context.json(
        {
          at: isoOfMicroseconds(atUs),
          days,
          free_disk: { free_bytes: freeBytes ?? null, floor_bytes: floorBytes },
          next: sumOf(going.filter(({ inDays }) => inDays === 0)),
          total: sumOf(going),
          going: going.slice(0, limit).map(schema.goingJson),
          truncated: going.length > limit,
        },
        200,
      );
    },
  );
}

function deletionRoute(api: Api, telemetry: Letting): void {
  api.openapi(
    route('telemetry.delete', {
      method: 'delete',
      path: '/devices/{id}/telemetry',
      tags,
      summary: "Delete a device's readings for good, all of them or those of a time",
      description:
        'They are in no answer any more at once, and the answer comes when no file of the hub ' +
        'holds them: no raw reading, no sum, no message that was set aside. Where a sum covers ' +
        'more than the time and its raw readings are gone already, all of that sum goes. What was ' +
        'exported before is not touched.',
      request: { params: schema.deletionParam, query: schema.deletionQuery },
      responses: { 200: json('How many went', schema.deletionAnswer) },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      if (!telemetry.devices.exists(id) || !sightOf(context).sees(id)) throw unknownDevice(id);
      const asked = context.req.valid('query');
      const metrics = readMetrics(asked.fields);
      const deleted = await telemetry.erase({
        deviceId: id,
        ...(metrics && { metrics }),
        ...readRange(asked, telemetry.clock.nowMs()),
        actor: actorOf(context.get('caller')),
        origin: originOf(context),
      });
      return context.json({ deleted }, 200);
    },
  );
}

/** @throws HearthError for a list without a name in it, which is not to mean all of them. */
function readMetrics(fields: string | undefined): readonly string[] | undefined {
  const metrics = readList(fields);
  if (fields === undefined || metrics !== undefined) return metrics;
  throw new HearthError('bad_request', 'fields names no metric', {
    field: 'fields',
    hint: 'Leave it out to delete the readings of all metrics.',
  });
}

/** All times that a reading can have, as far as none are given: what was brought in is of any since 1970. */
function readRange(asked: z.infer<typeof schema.deletionQuery>, nowMs: number) {
  const { start, end } = asked;
  const startUs = start === undefined ? 0 : parseTimeMs(start, nowMs, 'start') * 1000;
  const endUs = end === undefined ? latestUs : parseTimeMs(end, nowMs, 'end') * 1000;
  if (startUs < endUs) return { startUs, endUs };
  throw new HearthError('bad_request', `start (${start}) is not before end`, {
    field: 'start',
    hint: 'Give a start that lies before the end.',
  });
}

const sumOf = (going: readonly Going[]) => ({
  points: going.reduce((sum, { points }) => sum + points, 0),
  bytes: going.reduce((sum, { bytes }) => sum + bytes, 0),
});
