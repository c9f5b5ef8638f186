import { OpenAPIHono } from '@hono/zod-openapi';
import { matchedRoutes } from 'hono/route';
import { type Access, type Api, type AuditPort, type HearthEnv, route, type SightOf } from '#auth';
import { type Clock, HearthError, type Log, randomSecret } from '#kernel';
import type { CallerOf } from './callers.ts';
import { openTo } from './cors.ts';
import { Denials, writtenDown } from './denials.ts';
import { type InputTarget, invalidInput } from './invalid-input.ts';
import { type Operations, operationRoutes, probeRoutes } from './operations.ts';
import { type TrustAnchor, trustRoutes } from './pages.ts';
import { internalProblem, problemOf, problemResponse } from './problem.ts';
import {
  boundedBody,
  knownCaller,
  observe,
  onlyHttpsForTheLan,
  onlyOurHost,
  securityHeaders,
} from './rings.ts';
import { type KeyHolder, secretsRoutes } from './secrets-routes.ts';
import { fairShareOfAddresses, fairShareOfCallers } from './shares.ts';
import { dashboard } from './static.ts';

export interface AppOptions {
  readonly callerOf: CallerOf;
  readonly ourNames: () => ReadonlySet<string>;
  readonly httpsPort: () => number;
  readonly trustAnchor: () => TrustAnchor;
  readonly operations: Operations;
  /** What the slices add below `/api/v1`. */
  readonly routes: readonly ((api: Api) => void)[];
  /** What they add at `/`, where a standard says that it is: `/.well-known/…`, `/ca.crl`. */
  readonly rootRoutes?: readonly ((api: Api) => void)[];
  /** Which devices there are for a caller; without it, for a guest none. */
  readonly sightOf?: SightOf;
  /** Where whoever is turned away is written down. */
  readonly audit: AuditPort;
  readonly secrets: KeyHolder;
  /** Other origins whose pages may use the API. */
  readonly allowedOrigins?: readonly string[];
  readonly webDirectory: string;
  readonly mostBodyBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

const apiBase = '/api/v1';

/** Every surface that the hub shows over HTTP, on one page. WebSockets are in `upgrades.ts`. */
export function buildApp(options: AppOptions): Api {
  const { clock, log, operations } = options;
  const app = newApi();

  app.onError((error, context) => {
    const problem = problemOf(error);
    if (problem) return problemResponse(problem, error);
    const reference = randomSecret(6);
    log.error({ err: error, reference, path: context.req.path }, 'a request met a bug');
    return problemResponse(internalProblem(reference));
  });
  app.notFound((context) => {
    // A stranger is not even told which paths there are.
    const isStranger = context.get('caller') === undefined && context.req.path.startsWith('/api');
    const problem = problemOf(isStranger ? signInFirst() : nothingHere(context.req.path));
    return problem ? problemResponse(problem) : context.body(null, 404);
  });

  const rules = new Map<string, Access>();
  const accessOf = (method: string, path: string) => rules.get(`${method} ${path}`);
  app.use(
    securityHeaders,
    observe(operations, clock, patternOf),
    writtenDown(new Denials({ audit: options.audit, clock, log }), patternOf, accessOf),
    onlyOurHost(options.ourNames),
    onlyHttpsForTheLan(options.httpsPort),
  );
  app.use('/api/*', openTo(new Set(options.allowedOrigins)));
  app.use(
    fairShareOfAddresses(clock),
    boundedBody(options.mostBodyBytes),
    knownCaller(options.callerOf, options.sightOf),
    fairShareOfCallers(clock),
  );

  trustRoutes(app, options.trustAnchor); //      /ca.crt /trust /plain.css
  probeRoutes(app, operations); //               /health /health/live /health/ready /metrics
  const api = newApi();
  for (const addRoutes of options.routes) addRoutes(api);
  operationRoutes(api, operations); //           /status /logs
  secretsRoutes(api, options.secrets, options.audit); // /secrets/rotate
  app.route(apiBase, api); //                    /api/v1/…
  const root = newApi();
  for (const addRoutes of options.rootRoutes ?? []) addRoutes(root);
  app.route('/', root); //                       /.well-known/… /ca.crl
  descriptionRoute(app); //                      /openapi.json
  for (const [route, access] of requireAccessRules(app)) rules.set(route, access);
  app.all('/api/*', (context) => context.notFound());
  app.get('*', dashboard(options.webDirectory)); // everything else is the dashboard's: / /docs …
  return app;
}

const newApi = (): Api =>
  new OpenAPIHono<HearthEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        const input = 'data' in result ? result.data : undefined;
        throw invalidInput(result.error, input, result.target as InputTarget);
      }
    },
  });

/** The API as OpenAPI 3.1, for whoever is signed in; `/docs` shows it. */
function descriptionRoute(app: Api): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token from `hearth token create`. Browsers send their session cookie instead.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'The key of a device, shown when it was added.',
  });
  app.openapi(
    route('self.read', {
      method: 'get',
      path: '/openapi.json',
      tags: ['operations'],
      summary: 'This document',
      responses: {
        200: { description: 'It, as application/json' },
      },
    }),
    (context) =>
      context.body(JSON.stringify(describe(app)), 200, { 'content-type': 'application/json' }),
  );
}

const describe = (app: Api) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Hearth',
      version: '1',
      description:
        'Errors are problem+json (RFC 9457) with `code` and `hint`. `x-access` says who may call.',
    },
  });

/**
 * Fails at the start when a handler was mounted without saying who may call it: forgetting the rule
 * must not open a door. Returns the rules by method and pattern.
 */
function requireAccessRules(app: Api): ReadonlyMap<string, Access> {
  const ruled = new Map<string, Access>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { method, path, ...rest } = definition.route;
    if (!('x-access' in rest)) throw new Error(`${method} ${path} does not say who may call it`);
    const route = `${method.toUpperCase()} ${path.replaceAll(/\{(.+?)\}/g, ':$1')}`;
    ruled.set(route, rest['x-access'] as Access);
  }
  for (const { method, path } of app.routes) {
    const isRing = method === 'ALL' && path.endsWith('*');
    if (!isRing && !ruled.has(`${method} ${path}`)) {
      throw new Error(`${method} ${path} is not made with route()`);
    }
  }
  return ruled;
}

/** The pattern that answered, for metrics; one name for all that nobody expected. */
function patternOf(context: Parameters<typeof matchedRoutes>[0]): string {
  const last = matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'));
  return last?.path ?? 'other';
}

const signInFirst = (): HearthError =>
  new HearthError('unauthenticated', 'this needs you to be signed in', {
    hint: 'Sign in, or send Authorization: Bearer with a token from `hearth token create`.',
  });

const nothingHere = (path: string): HearthError =>
  new HearthError('not_found', `there is nothing at ${path.slice(0, 200)}`, {
    hint: '/docs lists everything there is.',
  });
