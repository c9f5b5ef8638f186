/** Reads what `strace -f -y -xx` wrote: the calls that finished, in the order in which they did. */

export interface Call {
  readonly name: string;
  /** The file or socket behind the first argument, as `-y` names it. */
  readonly target: string;
  /** The bytes that were read or written, as far as they were traced. */
  readonly bytes: Buffer;
  readonly result: number;
  /** Line numbers at which the call began and ended. */
  readonly began: number;
  readonly ended: number;
}

const whole = /^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)/;
const unfinished = /^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$/;
const resumed = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+=\s+(-?\d+)/;

export function readTrace(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { text: string; began: number }>();
  for (const [index, line] of text.split('\n').entries()) {
    const started = unfinished.exec(line);
    if (started) {
      open.set(`${started[1]} ${started[2]}`, { text: started[3] ?? '', began: index });
      continue;
    }
    const ended = resumed.exec(line);
    if (ended) {
      const key = `${ended[1]} ${ended[2]}`;
      const first = open.get(key);
      open.delete(key);
      if (first) {
        calls.push(call(ended[2], first.text + (ended[3] ?? ''), ended[4], first.began, index));
      }
      continue;
    }
    const one = whole.exec(line);
    if (one) calls.push(call(one[2], one[3] ?? '', one[4], index, index));
  }
  return calls;
}

function call(
  name: string | undefined,
  text: string,
  result: string | undefined,
  began: number,
  ended: number,
): Call {
  const bytes = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => unescaped(match[1]));
  return {
    name: name ?? '',
    target: unescaped(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(text)?.[1]).toString(),
    bytes: Buffer.concat(bytes),
    result: Number(result),
    began,
    ended,
  };
}

const unescaped = (text = ''): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/** The packet identifiers of the PUBACKs (MQTT 3.1.1 §3.4) in a write, or none if it holds others. */
export function pubacksIn(bytes: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    if (bytes[at] !== 0x40 || bytes[at + 1] !== 2) return [];
    ids.push(bytes.readUInt16BE(at + 2));
  }
  return bytes.length % 4 === 0 ? ids : [];
}
