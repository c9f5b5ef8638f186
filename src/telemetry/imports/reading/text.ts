import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { HearthError, messageOf } from '#kernel';

const pieceBytes = 256 * 1024;

/** A piece of a text file, and how much of the file has been read by then. */
export interface Piece {
  readonly text: string;
  readonly bytesRead: number;
}

/**
 * A text file, gzipped if its name ends so, in pieces that break anywhere but within a character.
 * @throws HearthError `unprocessable` when it cannot be read, or is not what it seems.
 */
export async function* piecesOf(path: string): AsyncGenerator<Piece> {
  const file = createReadStream(path, { highWaterMark: pieceBytes });
  const source = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: pieceBytes })) : file;
  // A pipe passes no errors on.
  if (source !== file) file.once('error', (error) => source.destroy(error));
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const bytes of source) {
      const text = decoder.decode(bytes as Uint8Array, { stream: true });
      yield { text, bytesRead: file.bytesRead };
    }
  } catch (error) {
    throw new HearthError(
      'unprocessable',
      `${basename(path)} cannot be read: ${messageOf(error)}`,
      {
        field: 'path',
      },
    );
  } finally {
    file.destroy();
  }
}

/** Longer ones are no lines of a table. */
const longestLine = 1024 * 1024;

/** The lines of a text, without their ends, as they come; those between quotes stay together. */
export class Lines {
  #rest = '';
  readonly #joinsQuotes: boolean;

  constructor({ joinsQuotes }: { readonly joinsQuotes: boolean }) {
    this.#joinsQuotes = joinsQuotes;
  }

  *push(text: string): Generator<string> {
    const all = this.#rest + text;
    let start = 0;
    let from = 0;
    let isOpen = false;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', end + 1)) {
      if (this.#joinsQuotes && hasOddQuotes(all, from, end)) isOpen = !isOpen;
      from = end + 1;
      // What is never closed is not to swallow the file.
      if (isOpen && end - start < longestLine) continue;
      isOpen = false;
      yield withoutReturn(all.slice(start, end));
      start = end + 1;
    }
    this.#rest = all.slice(start);
    if (this.#rest.length > 2 * longestLine) {
      yield this.#rest;
      this.#rest = '';
    }
  }

  /** What has no end of its own. */
  *end(): Generator<string> {
    if (this.#rest !== '') yield withoutReturn(this.#rest);
    this.#rest = '';
  }
}

function hasOddQuotes(text: string, from: number, end: number): boolean {
  let count = 0;
  for (let at = text.indexOf('"', from); at >= 0 && at < end; at = text.indexOf('"', at + 1))
    count++;
  return count % 2 === 1;
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
