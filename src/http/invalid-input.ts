import type { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';

/** Where an input came from, as Hono's validator calls it. */
export type InputTarget = 'json' | 'form' | 'query' | 'param' | 'header' | 'cookie';

/** Their values are not said back, not even to their sender: answers end up in logs and screenshots. */
const secret = /password|token|secret|code|key|csr/i;
const longestShown = 60;

/**
 * What the first thing wrong with an input says to its sender, naming the field and its value: 422
 * for the content of a body, 400 for everything that stands in the request line.
 */
export function invalidInput(error: z.ZodError, input: unknown, target: InputTarget): HearthError {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...path, ...keys].map(String).join('.') || 'body';
  const value = [...path, ...keys].reduce<unknown>(
    (outer, key) =>
      typeof outer === 'object' && outer !== null ? Reflect.get(outer, key) : undefined,
    input,
  );
  const what = keys.length > 0 ? 'there is no such field' : (issue?.message ?? 'it is not valid');
  return new HearthError(
    target === 'json' || target === 'form' ? 'unprocessable' : 'bad_request',
    `${field} is ${shown(field, value)}: ${what}`,
    { field, hint: '/docs shows what every request may hold.' },
  );
}

function shown(field: string, value: unknown): string {
  if (value === undefined) return 'missing';
  if (secret.test(field)) return 'not shown here';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
