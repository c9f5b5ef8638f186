import { z } from '@hono/zod-openapi';
import { streamText } from 'hono/streaming';
import type { StreamingApi } from 'hono/utils/stream';
import { type Api, may, route } from '#auth';
import { arrivalOf, isLocal } from './arrival.ts';

type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type LogLevel = (typeof logLevels)[number];

interface LogLine {
  readonly level: LogLevel;
  readonly json: string;
}

/** What `Ops` answers here. */
export interface Operations {
  readonly health: {
    report(): Promise<{
      readonly status: HealthStatus;
      readonly timestamp: string;
      readonly services: Readonly<Record<string, object>>;
    }>;
  };
  readonly metrics: {
    readonly contentType: string;
    render(): Promise<string>;
    observe(answered: {
      readonly method: string;
      readonly route: string;
      readonly status: number;
      readonly seconds: number;
    }): void;
  };
  readonly logs: {
    tail(limit: number, level: LogLevel): readonly LogLine[];
    follow(listener: (line: LogLine) => void): () => void;
  };
  status(): Promise<Record<string, unknown>>;
}

const tags = ['operations'];
const healthReport = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp: z.string(),
    services: z.record(z.string(), z.object({})).optional(),
  })
  .openapi('Health');
const healthResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: healthReport } },
});

/** Health and metrics, at the root where probes and Prometheus look for them. */
export function probeRoutes(api: Api, { health, metrics }: Operations): void {
  for (const path of ['/health', '/health/ready'] as const) {
    api.openapi(
      route('public', {
        method: 'get',
        path,
        tags,
        summary: 'How the hub does; 503 when a part of it fails. Strangers are told no details.',
        responses: { 200: healthResponse('It works'), 503: healthResponse('A part fails') },
      }),
      async (context) => {
        const report = await health.report();
        const isTold = isLocal(arrivalOf(context)) || may(context.get('caller'), 'system.read');
        const { status, timestamp } = report;
        return context.json(
          isTold ? report : { status, timestamp },
          status === 'unhealthy' ? 503 : 200,
        );
      },
    );
  }
  api.openapi(
    route('public', {
      method: 'get',
      path: '/health/live',
      tags,
      summary: 'Whether the process answers at all',
      responses: { 200: healthResponse('It does') },
    }),
    (context) => {
      const timestamp = new Date().toISOString();
      return context.json({ status: 'healthy' as const, timestamp }, 200);
    },
  );
  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/metrics',
      tags,
      summary: 'Numbers for Prometheus',
      responses: {
        200: { description: 'Them', content: { 'text/plain': { schema: z.string() } } },
      },
    }),
    async (context) =>
      context.text(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  );
}

const logQuery = z.object({
  limit: z.coerce.number().int().min(1).max(2000).default(200),
  level: z.enum(logLevels).default('trace'),
  follow: z.enum(['true', 'false']).default('false'),
});

/** Status and log of the hub, for its owner. */
export function operationRoutes(api: Api, operations: Operations): void {
  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/status',
      tags,
      summary: 'The whole hub on one page',
      responses: {
        200: {
          description: 'It',
          content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
        },
      },
    }),
    async (context) => context.json(await operations.status(), 200),
  );
  api.openapi(
    route('system.read', {
      method: 'get',
      path: '/logs',
      tags,
      summary: 'The last lines of the log, a JSON object a line; with follow=true those to come',
      request: { query: logQuery },
      responses: {
        200: { description: 'Them, as application/x-ndjson' },
      },
    }),
    (context) => {
      const { limit, level, follow } = context.req.valid('query');
      const response = streamText(context, async (stream) => {
        for (const line of operations.logs.tail(limit, level)) await stream.writeln(line.json);
        if (follow === 'true') await followLog(operations.logs, level, stream);
      });
      response.headers.set('content-type', 'application/x-ndjson');
      return response;
    },
  );
}

/** Lines a slow reader may be behind; the oldest go first. */
const mostWaiting = 1000;

/** Writes every line to come, until the reader is gone. */
async function followLog(
  logs: Operations['logs'],
  level: LogLevel,
  stream: StreamingApi,
): Promise<void> {
  const least = logLevels.indexOf(level);
  const waiting: string[] = [];
  let news = Promise.withResolvers<void>();
  const stop = logs.follow((line) => {
    if (logLevels.indexOf(line.level) < least) return;
    if (waiting.push(line.json) > mostWaiting) waiting.shift();
    news.resolve();
  });
  stream.onAbort(() => news.resolve());
  while (!stream.aborted) {
    const next = waiting.shift();
    if (next !== undefined) {
      await stream.writeln(next);
    } else {
      await news.promise;
      news = Promise.withResolvers();
    }
  }
  stop();
}
