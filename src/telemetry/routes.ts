import { z } from '@hono/zod-openapi';
import { type Api, type Caller, may, route, sightOf, unknownDevice } from '#auth';
import { HearthError, isoOfMicroseconds } from '#kernel';
import { csvFormat, jsonFormat, streamAnswer } from './answer.ts';
import type { Reader } from './history.ts';
import * as schema from './schema.ts';
import type { Telemetry } from './service.ts';
import type { Receipt } from './types.ts';

const tags = ['telemetry'];
const json = <Schema extends z.ZodType>(description: string, body: Schema) => ({
  description,
  content: { 'application/json': { schema: body } },
});

/** Readings in, and every way to ask for them, relative to `/api/v1`. */
export function telemetryRoutes(api: Api, telemetry: Telemetry): void {
  intakeRoute(api, telemetry);
  historyRoutes(api, telemetry);
  summaryRoutes(api, telemetry);
  ownerRoutes(api, telemetry);
}

const readingExample = {
  data: { temperature: 23.5, humidity: 65.2 },
  timestamp: '2026-01-31T12:00:00Z',
};

function intakeRoute(api: Api, telemetry: Telemetry): void {
  api.openapi(
    route('device', {
      method: 'post',
      path: '/devices/telemetry',
      tags,
      summary: 'Send readings, one or many; answered once they are on disk',
      description:
        'A flat object of metrics, {"data": {…}, "timestamp": …}, one level of nesting, or an array ' +
        'of up to 1000 of these. The time is ISO 8601 (UTC without a zone) or a count of seconds, ' +
        'milliseconds, microseconds or nanoseconds under timestamp, ts or time; without one it is ' +
        'the receipt. A metric that cannot be kept is left out and named in the answer.',
      request: {
        body: {
          required: true,
          content: {
            // Not a zod schema: the body goes to the same parser as an MQTT payload, byte for byte.
            'application/json': {
              schema: {
                oneOf: [{ type: 'object' }, { type: 'array', items: {}, maxItems: 1000 }],
                example: readingExample,
              },
            },
          },
        },
      },
      responses: {
        201: json('Everything is on disk', schema.receiptAnswer),
        202: json('Part of it is on disk; the rest is named', schema.receiptAnswer),
        422: { description: 'Nothing in it could be kept' },
        429: { description: 'The device sends too fast' },
        507: { description: 'The disk is full' },
      },
    }),
    async (context) => {
      const deviceId = deviceOf(context.get('caller'));
      const body = Buffer.from(await context.req.arrayBuffer());
      const receipt = telemetry.submit({ deviceId, body, source: 'http' });
      if (receipt.accepted === 0) throw refusal(receipt);
      await receipt.committed;
      const answer = { accepted: receipt.accepted, rejected: [...receipt.rejected] };
      return context.json(answer, receipt.rejected.length === 0 ? 201 : 202);
    },
  );
}

function historyRoutes(api: Api, telemetry: Telemetry): void {
  api.openapi(
    route('telemetry.read', {
      method: 'get',
      path: '/devices/{id}/telemetry',
      tags,
      summary: "A device's readings, as they came or in buckets",
      description:
        'Without interval, a row for every time with the metrics that came then. With it, a row for ' +
        'every bucket with readings and <metric>_avg, _min, _max (see agg) in it; nothing is made up ' +
        'between readings. Buckets of more than an hour follow the clock on the wall, so that a day ' +
        'may have 23 or 25 hours. The answer streams.',
      request: { params: schema.deviceParam, query: schema.historyQuery },
      responses: {
        200: {
          description: 'The rows',
          content: {
            'application/json': { schema: schema.historyAnswer },
            'text/csv': { schema: z.string() },
          },
        },
      },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      requireDevice(telemetry, id);
      const request = schema.readHistoryRequest(id, context.req.valid('query'), {
        nowMs: telemetry.clock.nowMs(),
        timeZone: telemetry.timeZone,
      });
      const { start, end, interval, query } = request;
      const reader = readerOf(context.get('caller'));
      requireMetrics(telemetry, id, query.fields, reader);
      const format =
        request.format === 'csv'
          ? csvFormat(telemetry.columnsOf(query, reader))
          : jsonFormat({
              device_id: id,
              start,
              end,
              interval,
              ...withheldFrom(telemetry, id, query.fields, reader),
            });
      const pages = telemetry.query(query, reader)[Symbol.asyncIterator]();
      // Asked for before the answer begins, so that what goes wrong is still an error status.
      const first = await pages.next();
      const stream = streamAnswer(first, pages, format, request.limit);
      return context.body(stream, 200, { 'content-type': format.contentType }) as never;
    },
  );

  api.openapi(
    route('telemetry.read', {
      method: 'get',
      path: '/devices/{id}/telemetry/latest',
      tags,
      summary: "A device's newest values",
      request: { params: schema.deviceParam },
      responses: {
        200: {
          ...json('The newest value of each metric', schema.latestAnswer),
          headers: schema.withheldHeader,
        },
      },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      requireDevice(telemetry, id);
      const reader = readerOf(context.get('caller'));
      const latest = await latestFor(telemetry, id, reader);
      // Beside the body, in which every member but two is a metric.
      const { withheld } = withheldFrom(telemetry, id, undefined, reader);
      if (withheld !== undefined) context.header('hearth-withheld', withheld.join(', '));
      const timestamp = isoOfMicroseconds(latest.timeUs);
      return context.json({ ...latest.values, device_id: id, timestamp }, 200);
    },
  );
}

function summaryRoutes(api: Api, telemetry: Telemetry): void {
  api.openapi(
    route('telemetry.read', {
      method: 'get',
      path: '/devices/{id}/statistics',
      tags,
      summary: "A device's readings, summed up metric by metric",
      request: { params: schema.deviceParam, query: schema.statisticsQuery },
      responses: { 200: json('The sums', schema.statisticsAnswer) },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      requireDevice(telemetry, id);
      const parameters = context.req.valid('query');
      const { startUs, endUs } = schema.readSpan(parameters, telemetry.clock.nowMs());
      const fields = schema.readList(parameters.fields);
      const reader = readerOf(context.get('caller'));
      requireMetrics(telemetry, id, fields, reader);
      const asked = { deviceId: id, startUs, endUs, ...(fields && { fields }) };
      const { metrics, energyKwh } = await telemetry.statistics(asked, reader);
      return context.json(
        {
          device_id: id,
          start: isoOfMicroseconds(startUs),
          end: isoOfMicroseconds(endUs),
          ...withheldFrom(telemetry, id, fields, reader),
          metrics: { ...metrics },
          energy_kwh: energyKwh,
        },
        200,
      );
    },
  );
}

function ownerRoutes(api: Api, telemetry: Telemetry): void {
  api.openapi(
    route('security.read', {
      method: 'get',
      path: '/quarantine',
      tags,
      summary: 'Messages that could not be kept, newest first',
      request: { query: schema.quarantineQuery },
      responses: { 200: json('The messages', schema.quarantineAnswer) },
    }),
    (context) => {
      const parameters = context.req.valid('query');
      const limit = schema.readLimit(parameters.limit, 100, 10_000);
      // Of whoever is told: of some only what came from devices that they see.
      const sight = sightOf(context);
      const all = telemetry.quarantine
        .list(parameters.device_id)
        .filter(({ deviceId }) => sight.sees(deviceId));
      return context.json(
        {
          messages: all.slice(0, limit).map(({ deviceId, receivedAt, ...message }) => ({
            ...message,
            device_id: deviceId,
            received_at: receivedAt,
          })),
          devices: [...telemetry.quarantine.counts()]
            .filter(([id]) => sight.sees(id))
            .map(([id, { refused, overRate }]) => ({
              device_id: id,
              refused,
              over_rate: overRate,
            })),
          total: all.length,
        },
        200,
      );
    },
  );

  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/storage',
      tags,
      summary: 'How the telemetry store is doing, what it holds and what it lost',
      responses: { 200: json('The store', schema.storageAnswer) },
    }),
    async (context) => {
      const [report, incidents] = await Promise.all([telemetry.storage(), telemetry.incidents()]);
      const health = telemetry.health();
      return context.json(
        {
          status: health.status,
          problem: health.problem ?? null,
          committed_seq: health.committedSeq,
          last_commit_ms: health.lastCommitMs,
          waiting_points: health.waitingPoints,
          journal_batches: report.journalBatches,
          journal_bytes: report.journalBytes,
          tail_points: report.tailPoints,
          files: report.files,
          file_bytes: report.fileBytes,
          points: report.points,
          sealed_files: report.sealedFiles,
          tiers: [...report.tiers],
          oldest: report.oldestUs === null ? null : isoOfMicroseconds(report.oldestUs),
          newest: report.newestUs === null ? null : isoOfMicroseconds(report.newestUs),
          incidents: [...incidents],
        },
        200,
      );
    },
  );
}

const readerOf = (caller: Caller | undefined): Reader => ({
  sensitive: may(caller, 'telemetry.sensitive'),
});

/** Names what is left out, so that an answer without it does not pass for one of a device without it. */
function withheldFrom(
  telemetry: Telemetry,
  deviceId: string,
  fields: readonly string[] | undefined,
  reader: Reader,
): { withheld?: string[] } {
  const withheld = telemetry.withheld(deviceId, fields, reader);
  return withheld.length === 0 ? {} : { withheld };
}

/** The newest values that a reader may see. @throws HearthError `not_found` when there are none. */
async function latestFor(telemetry: Telemetry, deviceId: string, reader: Reader) {
  const latest = telemetry.devices.latest(deviceId);
  const secret = reader.sensitive ? await telemetry.newestSensitive(deviceId) : undefined;
  if (latest === undefined && !secret?.size) {
    const withheld = telemetry.withheld(deviceId, undefined, reader);
    throw new HearthError('not_found', `${deviceId} has sent no readings yet`, {
      hint:
        withheld.length === 0
          ? 'Readings appear here once the device has published some.'
          : `Some of its metrics are sensitive, and not shown to you: ${withheld.join(', ')}.`,
    });
  }
  const values = new Map(Object.entries(latest?.values ?? {}));
  let timeUs = latest?.timeUs ?? 0;
  for (const [metric, reading] of secret ?? []) {
    values.set(metric, reading.value);
    timeUs = Math.max(timeUs, reading.timeUs);
  }
  return { timeUs, values: Object.fromEntries(values) };
}

/** Why nothing of a submission was kept, as an error that names field and value. */
function refusal(receipt: Receipt): HearthError {
  if (receipt.error !== undefined) return receipt.error;
  const [first] = receipt.rejected;
  const field = first?.field || 'body';
  return new HearthError('unprocessable', `${field} ${first?.reason ?? 'holds no readings'}`, {
    field,
    hint: hints[field] ?? shapeHint,
  });
}

const shapeHint =
  'Send an object of metrics with numbers, booleans or short texts, such as {"power": 60.5}.';
const hints: Readonly<Record<string, string>> = {
  signature: 'docs/signing.md says what is signed; PUT /devices/{id}/signing with which key.',
  encrypted: 'docs/signing.md says how boxes are made; PUT /devices/{id}/signing for which key.',
};

/** The device that sends; the guard has let nobody else in. */
function deviceOf(caller: Caller | undefined): string {
  if (caller?.kind === 'device') return caller.id;
  throw new HearthError('forbidden', 'only a device may send readings');
}

function requireDevice(telemetry: Telemetry, id: string): void {
  if (!telemetry.devices.exists(id)) throw unknownDevice(id);
}

/** Names that a refusal lists. */
const mostNamed = 20;

/**
 * A mistyped name would pass for a metric of which nothing was sent just then. A device that has sent
 * nothing at all yet may be asked for anything.
 * @throws HearthError `unprocessable` naming the first metric that the device never sent.
 */
function requireMetrics(
  telemetry: Telemetry,
  deviceId: string,
  fields: readonly string[] | undefined,
  reader: Reader,
): void {
  if (fields === undefined) return;
  const everything = { deviceId, startUs: 0, endUs: 0, timeZone: telemetry.timeZone };
  const known = telemetry.columnsOf(everything, reader);
  // Those that are withheld are told by name, in the answer.
  const withheld = telemetry.withheld(deviceId, fields, reader);
  const unknown = fields.find((name) => !known.includes(name) && !withheld.includes(name));
  if (unknown === undefined || known.length === 0) return;
  const more = known.length > mostNamed ? ` and ${known.length - mostNamed} more` : '';
  throw new HearthError(
    'unprocessable',
    `${deviceId} has no metric "${unknown.slice(0, 64)}"; it has ${known.slice(0, mostNamed).join(', ')}${more}`,
    { field: 'fields', hint: 'Name metrics that the device has sent, with commas between them.' },
  );
}
