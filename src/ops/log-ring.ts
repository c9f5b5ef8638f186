import { Writable } from 'node:stream';

/** Levels of a log line, least urgent first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLineLevel = (typeof logLevels)[number];

export interface LogLine {
  readonly level: LogLineLevel;
  /** The line as JSON, without its newline. */
  readonly json: string;
}

const mostLines = 2000;
const longestLine = 8192;

/**
 * The last lines of the log, for `hearth logs`: a stream to hand to `createLog` as its copy. What
 * is not a line of JSON is left out, and what is too long is cut.
 */
export class LogRing extends Writable {
  readonly #lines: LogLine[] = [];
  readonly #followers = new Set<(line: LogLine) => void>();

  constructor() {
    super({ decodeStrings: false });
  }

  /** The newest `limit` lines at `level` or above, oldest first. */
  tail(limit: number, level: LogLineLevel): LogLine[] {
    const from = logLevels.indexOf(level);
    return this.#lines.filter((line) => logLevels.indexOf(line.level) >= from).slice(-limit);
  }

  /** Calls `listener` with every line to come, until the returned function is called. */
  follow(listener: (line: LogLine) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    for (const text of chunk.toString().split('\n')) {
      if (text !== '') this.#add(text);
    }
    done();
  }

  #add(text: string): void {
    const line = readLine(text);
    if (line === undefined) return;
    this.#lines.push(line);
    if (this.#lines.length > mostLines) this.#lines.shift();
    for (const follower of this.#followers) follower(line);
  }
}

function readLine(text: string): LogLine | undefined {
  try {
    const { level, time, msg, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const known = logLevels.find((candidate) => candidate === level);
    if (known === undefined) return undefined;
    if (text.length <= longestLine) return { level: known, json: text };
    const cut = {
      level,
      time,
      msg: String(msg).slice(0, 1000),
      cut: Object.keys(rest).slice(0, 20),
    };
    return { level: known, json: JSON.stringify(cut) };
  } catch {
    return undefined;
  }
}
