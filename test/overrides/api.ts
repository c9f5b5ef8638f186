import { OpenAPIHono } from '@hono/zod-openapi';
import type { Api, Caller, HearthEnv } from '#auth';
import { type InputTarget, invalidInput } from '../../src/http/invalid-input.ts';
import { problemOf, problemResponse } from '../../src/http/problem.ts';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what a test is about
  readonly json: any;
}

/** The routes of one slice with the rules and the errors of the real app, and whoever calls it. */
export function openApi(addRoutes: (api: Api) => void) {
  const api: Api = new OpenAPIHono<HearthEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const input = 'data' in result ? result.data : undefined;
      throw invalidInput(result.error, input, result.target as InputTarget);
    },
  });
  let caller: Caller | undefined;
  api.onError((error) => {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return problemResponse(problem, error);
  });
  api.use((context, next) => {
    context.set('caller', caller);
    return next();
  });
  addRoutes(api);
  return {
    document: () =>
      api.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'Test', version: '1' } }),
    async call(as: Caller | undefined, request: string, body?: unknown): Promise<Reply> {
      const [method = 'GET', path = '/'] = request.split(' ');
      caller = as;
      const response = await api.request(path, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      const text = await response.text();
      return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

export const person = (role: 'owner' | 'admin' | 'member' | 'guest'): Caller => ({
  kind: 'person',
  sessionId: 's1',
  id: `id-of-${role}`,
  name: `The ${role}`,
  role,
});

export const program: Caller = { kind: 'token', id: 't1', name: 'car', role: 'service' };

export const deviceCaller = (id: string): Caller => ({
  kind: 'device',
  id,
  name: id,
  role: 'device',
});
