import { isUtf8 } from 'node:buffer';

/** The JSON that a payload spells, or why it spells none. */
export type Decoded = { readonly value: unknown } | { readonly problem: string };

/** Why a payload is not looked at for its length alone; `undefined` when it is. */
export function lengthProblem(payload: Buffer, maximumBytes: number): string | undefined {
  if (payload.length === 0) return 'is empty';
  if (payload.length <= maximumBytes) return undefined;
  return `is ${payload.length} bytes long; the most is ${maximumBytes}`;
}

/** Decodes a payload of at most `maximumBytes`. Never throws. */
export function decodePayload(payload: Buffer, maximumBytes: number): Decoded {
  const problem = lengthProblem(payload, maximumBytes);
  if (problem !== undefined) return { problem };
  const text = payload.toString('utf8');
  // U+FFFD is what ill-formed bytes decode to, so that only a text with one is looked at twice.
  if (text.includes('\uFFFD') && !isUtf8(payload)) return { problem: 'is not UTF-8' };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'is not JSON' };
  }
}

/** The first `maximumBytes` of a payload as text; bytes that are no text are spelled in hex. */
export function excerpt(payload: Buffer, maximumBytes: number): string {
  const head = payload.subarray(0, maximumBytes);
  // A cut may go through a character; its replacement at the end is no sign of binary data.
  return isUtf8(payload)
    ? head.toString('utf8')
    : head.subarray(0, maximumBytes / 2).toString('hex');
}
