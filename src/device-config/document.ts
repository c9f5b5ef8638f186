import { isDeepStrictEqual } from 'node:util';
import { HearthError } from '#kernel';
import type { ConfigDocument } from './types.ts';

const mostBytes = 16_384;
const mostLevels = 8;

export const isDocument = (value: unknown): value is ConfigDocument =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The JSON text of a document. @throws HearthError `unprocessable` for one that a small device could
 * not be trusted with: over 16 KiB of UTF-8, or nested deeper than 8 levels.
 */
export function documentText(config: ConfigDocument): string {
  if (isDeeper(config, mostLevels)) {
    throw new HearthError('unprocessable', `config is nested deeper than ${mostLevels} levels`, {
      field: 'config',
      hint: 'Make it flatter.',
    });
  }
  const text = JSON.stringify(config);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) {
    throw new HearthError('unprocessable', `config is ${bytes} bytes long`, {
      field: 'config',
      hint: `It may be ${mostBytes} bytes of JSON.`,
    });
  }
  return text;
}

/** Whether two documents say the same; the order of members says nothing [RFC 8259 §4]. */
export const saysTheSame = (one: ConfigDocument, other: ConfigDocument): boolean =>
  isDeepStrictEqual(one, other);

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
