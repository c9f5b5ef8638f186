import { isUtf8 } from 'node:buffer';
import nacl from 'tweetnacl';
import { decodeBase64 } from './base64.ts';

const { nonceLength, overheadLength } = nacl.box;
/**
 * Boxes around single values of one message. A box costs tens of microseconds however little it
 * holds, on the thread that everyone shares; a message that is one box costs that once.
 */
export const mostBoxes = 100;

/** Members that are set aside by telemetry, and say nothing that has to be hidden. */
const setAside: ReadonlySet<string> = new Set([
  'timestamp',
  'ts',
  'time',
  'device_id',
  'deviceId',
  'signature',
]);
/** What may stand beside a payload that is encrypted as a whole: a time belongs inside. */
const besideWhole: ReadonlySet<string> = new Set(['encrypted', 'device_id', 'deviceId']);

export type Boxed = { readonly encrypted: string };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value, or a message, is a box: `{"encrypted": "…"}`. */
export const isBoxed = (value: unknown): value is Boxed =>
  isRecord(value) && typeof value.encrypted === 'string';

/** What came out of boxes, or why nothing did: a problem reads on from "encrypted". */
export type Unboxed =
  | { readonly value: unknown; readonly boxes: number }
  | { readonly problem: string };

/** Opens a message that is a box as a whole; in it is the JSON text of any message. */
export function openWhole(message: Boxed, sharedKey: Uint8Array): Unboxed {
  const stranger = Object.keys(message).find((name) => !besideWhole.has(name));
  if (stranger !== undefined) {
    return { problem: `holds the whole message, and ${shown(stranger)} stands outside of it` };
  }
  const text = openBox(message.encrypted, sharedKey);
  if (text === undefined) return { problem: cannotBeOpened };
  const value = parsed(text);
  return value === undefined ? { problem: 'does not hold JSON' } : { value, boxes: 1 };
}

/**
 * Opens the boxes around single values, in place. With `everything`, a value outside of a box is a
 * problem.
 */
export function openValues(body: unknown, sharedKey: Uint8Array, everything: boolean): Unboxed {
  const opening = new Opening(sharedKey, everything);
  if (Array.isArray(body)) {
    for (let index = 0; index < body.length && opening.problem === undefined; index++) {
      if (isBoxed(body[index])) return { problem: 'stands in a batch; encrypt the batch as one' };
      opening.reading(body[index], `[${index}].`);
    }
  } else {
    opening.reading(body, '');
  }
  const { problem, boxes } = opening;
  return problem === undefined ? { value: body, boxes } : { problem };
}

const cannotBeOpened = "cannot be opened with this device's key and the hub's";

class Opening {
  boxes = 0;
  problem: string | undefined;
  readonly #sharedKey: Uint8Array;
  readonly #everything: boolean;

  constructor(sharedKey: Uint8Array, everything: boolean) {
    this.#sharedKey = sharedKey;
    this.#everything = everything;
  }

  /** A reading has the shapes that telemetry reads: flat, enveloped in `data`, one level of nesting. */
  reading(body: unknown, path: string): void {
    if (!isRecord(body)) {
      this.#inTheClear(`${path}value`);
      return;
    }
    const { data } = body;
    const isEnveloped = isRecord(data) && !isBoxed(data);
    if (isEnveloped) this.#members(data, `${path}data.`, undefined);
    this.#members(body, path, isEnveloped ? ['data', 'metadata'] : undefined);
  }

  #members(body: Record<string, unknown>, path: string, passed: readonly string[] | undefined) {
    for (const name of Object.keys(body)) {
      if (this.problem !== undefined) return;
      if (passed?.includes(name)) continue;
      const value = body[name];
      if (isBoxed(value)) this.#open(body, name, value, path);
      else if (setAside.has(name)) continue;
      else if (isRecord(value)) this.#nested(value, `${path}${name}.`);
      else this.#inTheClear(`${path}${name}`);
    }
  }

  #nested(body: Record<string, unknown>, path: string): void {
    for (const name of Object.keys(body)) {
      if (this.problem !== undefined) return;
      const value = body[name];
      if (isBoxed(value)) this.#open(body, name, value, path);
      else this.#inTheClear(`${path}${name}`);
    }
  }

  #open(body: Record<string, unknown>, name: string, box: Boxed, path: string): void {
    this.boxes++;
    const opened =
      this.boxes > mostBoxes
        ? { problem: `is past the ${mostBoxes} boxes of a message; encrypt the message as one` }
        : openValue(box, this.#sharedKey);
    if ('problem' in opened) this.problem = `of ${shown(path + name)} ${opened.problem}`;
    else body[name] = opened.value;
  }

  #inTheClear(path: string): void {
    if (this.#everything) this.problem ??= `is missing: ${shown(path)} is sent in the clear`;
  }
}

function openValue(box: Boxed, sharedKey: Uint8Array): { value: unknown } | { problem: string } {
  if (Object.keys(box).length > 1) return { problem: 'stands beside other members' };
  const text = openBox(box.encrypted, sharedKey);
  if (text === undefined) return { problem: cannotBeOpened };
  const value = parsed(text);
  return value === undefined || value === null || typeof value === 'object'
    ? { problem: 'does not hold a number, a boolean or a text in JSON' }
    : { value };
}

/** The text in a box: base64 of 24 bytes of nonce and crypto_box after it. */
function openBox(spelled: string, sharedKey: Uint8Array): string | undefined {
  const bytes = decodeBase64(spelled);
  if (bytes === undefined || bytes.length < nonceLength + overheadLength) return undefined;
  const box = bytes.subarray(nonceLength);
  const opened = nacl.box.open.after(box, bytes.subarray(0, nonceLength), sharedKey);
  if (opened === null || !isUtf8(opened)) return undefined;
  return Buffer.from(opened.buffer, opened.byteOffset, opened.length).toString('utf8');
}

/** `undefined` when it is no JSON; JSON has no word for undefined. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shown = (path: string): string => `"${path.slice(0, 80)}"`;
