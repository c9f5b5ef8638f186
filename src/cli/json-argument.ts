import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { HearthError, messageOf } from '#kernel';
import type { Invocation } from './invocation.ts';

/**
 * A JSON object that was typed, or that is in a file; `-` is what is piped in.
 * @param field what it is called in the help, for the error.
 * @throws HearthError `not_found` for a file that cannot be read, `unprocessable` for what is no object.
 */
export async function jsonArgument(
  at: Invocation,
  given: string,
  field: string,
): Promise<Readonly<Record<string, unknown>>> {
  const source = given.trimStart().startsWith('{') ? given : await contentsOf(at, given, field);
  const value = parse(source, given, field);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new HearthError('unprocessable', `${field} is no JSON object`, { field });
}

async function contentsOf(at: Invocation, path: string, field: string): Promise<string> {
  if (path === '-') return text(at.around.input);
  try {
    return await readFile(at.path(path), 'utf8');
  } catch (cause) {
    throw new HearthError('not_found', `${field} cannot be read: ${messageOf(cause)}`, {
      field,
      hint: 'Give a file with JSON in it, or the JSON itself in quotes.',
      cause,
    });
  }
}

function parse(source: string, given: string, field: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    const where = source === given ? '' : ` in ${given}`;
    throw new HearthError('unprocessable', `${field} is no JSON${where}: ${messageOf(cause)}`, {
      field,
      cause,
    });
  }
}
