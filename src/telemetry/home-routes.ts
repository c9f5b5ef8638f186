import type { z } from '@hono/zod-openapi';
import { type Api, may, route, type Sight, sightOf, unknownDevice } from '#auth';
import { HearthError, isoOfMicroseconds } from '#kernel';
import type { GroupSeries } from './home-history.ts';
import * as schema from './home-schema.ts';
import { readList, readSpan } from './schema.ts';
import type { Telemetry } from './service.ts';

const tags = ['telemetry'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});

/** Questions about several devices at once, relative to `/api/v1`. */
export function homeHistoryRoutes(api: Api, telemetry: Telemetry): void {
  api.openapi(
    route('telemetry.read', {
      method: 'get',
      path: '/telemetry',
      tags,
      summary: 'Readings of several devices in buckets, each by itself or summed up together',
      description:
        'The devices are named, or those of a room or a type, or all that you see. Grouped by room, ' +
        'type or home, the readings of all devices of a group are summed up together, metric by ' +
        'metric: avg is the average of all of their readings, energy and increase are sums.',
      request: { query: schema.homeQuery },
      responses: { 200: json('A series for each device or group', schema.homeAnswer) },
    }),
    async (context) => {
      const parameters = context.req.valid('query');
      const request = schema.readHomeRequest(parameters, {
        nowMs: telemetry.clock.nowMs(),
        timeZone: telemetry.timeZone,
      });
      const reader = { sensitive: may(context.get('caller'), 'telemetry.sensitive') };
      const devices = chosen(telemetry, parameters, sightOf(context));
      const rooms = telemetry.devices.rooms?.list() ?? [];
      const roomNames = new Map(rooms.map(({ id, name }) => [id, name]));
      const groups = groupsOf(devices, request.group, roomNames);
      schema.checkSize(request, groups.length);
      const query = { ...request.query, groups };
      const { limit, compare } = request;
      const { series, compared } =
        compare === undefined
          ? { series: await telemetry.series(query, reader), compared: undefined }
          : await telemetry.compare(query, compare, reader);
      const shown = (all: readonly GroupSeries[]) =>
        all.map(({ rows }, at) => {
          const { head, deviceIds } = groups[at] as Group;
          const withheld = deviceIds.flatMap((id) => telemetry.withheld(id, query.fields, reader));
          return {
            ...head,
            ...(withheld.length > 0 && { withheld: [...new Set(withheld)].sort() }),
            data: rows.slice(0, limit),
          };
        });
      return context.json(
        {
          start: request.start,
          end: request.end,
          interval: request.interval,
          group: request.group,
          series: shown(series),
          ...(compared && {
            compared: {
              start: isoOfMicroseconds(compared.startUs),
              end: isoOfMicroseconds(compared.endUs),
              series: shown(compared.series),
            },
          }),
          truncated: series.some(({ rows }) => rows.length > limit),
        },
        200,
      );
    },
  );

  api.openapi(
    route('telemetry.read', {
      method: 'get',
      path: '/telemetry/statistics',
      tags,
      summary: 'Readings of several devices, summed up metric by metric',
      request: { query: schema.homeStatisticsQuery },
      responses: { 200: json('The sums of each device', schema.homeStatisticsAnswer) },
    }),
    async (context) => {
      const parameters = context.req.valid('query');
      const { startUs, endUs } = readSpan(parameters, telemetry.clock.nowMs());
      const fields = readList(parameters.fields);
      const reader = { sensitive: may(context.get('caller'), 'telemetry.sensitive') };
      const deviceIds = chosen(telemetry, parameters, sightOf(context)).map(({ id }) => id);
      const asked = { deviceIds, startUs, endUs, ...(fields && { fields }) };
      const found = await telemetry.manyStatistics(asked, reader);
      const devices = [...found].map(([id, { metrics, energyKwh }]) => {
        const withheld = telemetry.withheld(id, fields, reader);
        const named = Object.entries(metrics).map(
          ([metric, { p50: _, p95: __, p99: ___, ...sums }]) => [metric, sums] as const,
        );
        return [
          id,
          {
            ...(withheld.length > 0 && { withheld }),
            metrics: Object.fromEntries(named),
            energy_kwh: energyKwh,
          },
        ] as const;
      });
      return context.json(
        {
          start: isoOfMicroseconds(startUs),
          end: isoOfMicroseconds(endUs),
          devices: Object.fromEntries(devices),
        },
        200,
      );
    },
  );
}

interface Known {
  readonly id: string;
  readonly type: string;
  /** A room's id. */
  readonly room: string | null;
}

interface Choice {
  readonly devices?: string | undefined;
  readonly room?: string | undefined;
  readonly type?: string | undefined;
}

/**
 * The devices that a question is about, of those that its caller sees: the others do not exist.
 * @throws HearthError `bad_request` when they are chosen in two ways, `not_found` for one that is not there.
 */
function chosen(
  telemetry: Telemetry,
  { devices, room, type }: Choice,
  sight: Sight,
): readonly Known[] {
  const ways = Object.entries({ devices, room, type }).filter(([, text]) => text !== undefined);
  if (ways.length > 1) {
    const names = ways.map(([name]) => name);
    throw new HearthError('bad_request', `${names.join(' and ')} are given, where one is enough`, {
      field: names.at(-1) as string,
      hint: 'Choose by devices, by room or by type; without any of them all devices are meant.',
    });
  }
  const all = (telemetry.devices.list?.() ?? []).filter(({ id }) => sight.sees(id));
  const named = readList(devices);
  if (named !== undefined) {
    return named.map((id) => {
      if (!telemetry.devices.exists(id) || !sight.sees(id)) throw unknownDevice(id);
      return all.find((one) => one.id === id) ?? { id, type: '', room: null };
    });
  }
  if (room !== undefined) return all.filter((one) => one.room === room);
  return type === undefined ? all : all.filter((one) => one.type === type);
}

interface Group {
  /** What names it in the answer. */
  readonly head: Readonly<Record<string, string | null | readonly string[]>>;
  readonly deviceIds: readonly string[];
}

function groupsOf(
  devices: readonly Known[],
  grouping: schema.Grouping,
  roomNames: ReadonlyMap<string, string>,
): readonly Group[] {
  if (grouping === 'device') {
    return devices.map(({ id }) => ({ head: { device_id: id }, deviceIds: [id] }));
  }
  const keyOf = ({ room, type }: Known): string =>
    grouping === 'home' ? '' : grouping === 'room' ? (room ?? '') : type;
  return [...Map.groupBy(devices, keyOf).values()].map((members) => {
    const deviceIds = members.map(({ id }) => id);
    const { room, type } = members[0] as Known;
    const head =
      grouping === 'home'
        ? {}
        : grouping === 'room'
          ? { room, room_name: roomNames.get(room ?? '') ?? null }
          : { type };
    return { head: { ...head, devices: deviceIds }, deviceIds };
  });
}
