import type { Fault, Field, Point, Tag } from './types.ts';
import { readFieldValue } from './values.ts';

/**
 * InfluxDB's line protocol, line by line:
 *
 *     measurement,tag=value,tag=value field=1.5,field="text",field=3i,field=t 1556813561098000000
 *
 * as https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ has it. A backslash
 * takes the meaning of a comma, a space or an equals sign that follows it, and before anything else
 * stands for itself; in a text in quotes it does so for a quote and for itself. A text may go over
 * several lines, as InfluxDB's own parser has it; when it never ends, only its first line is lost.
 */
export class LineReader {
  readonly #text: string;
  readonly #isWhole: boolean;
  #at = 0;
  #line: number;
  /** Where the line that is being read begins. */
  #start = 0;
  #startLine = 1;
  #problem: string | undefined;
  #ranOut = false;

  /** Without `isWhole`, a last line that does not end may go on: it is left as `rest`. */
  constructor(
    text: string,
    { isWhole = true, line = 1 }: { readonly isWhole?: boolean; readonly line?: number } = {},
  ) {
    this.#text = text;
    this.#isWhole = isWhole;
    this.#line = line;
  }

  /** What was not read: the beginning of a line that the text breaks off in. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** The number of the line that comes next. */
  get line(): number {
    return this.#line;
  }

  /** The next line that is neither empty nor a comment; `undefined` at the end. Never throws. */
  next(): Point | Fault | undefined {
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return undefined;
      this.#start = this.#at;
      this.#startLine = this.#line;
      if (this.#code() !== hash) break;
      if (!this.#skipLine()) return undefined;
    }
    this.#problem = undefined;
    this.#ranOut = false;
    const point = this.#readPoint();
    if (!this.#isWhole && this.#ranOut) {
      this.#rewind();
      return undefined;
    }
    return point ?? this.#fault();
  }

  #readPoint(): Point | undefined {
    const measurement = this.#word(comma | space | newline, comma | space);
    if (measurement === '') return this.#fail('the measurement is missing');
    const tags: Tag[] = [];
    while (this.#class() === comma) {
      if (!this.#readTag(tags)) return undefined;
    }
    if (!this.#skipSpaces()) return this.#fail('the fields are missing');
    const fields: Field[] = [];
    do {
      if (fields.length > 0) this.#at++;
      if (!this.#readField(fields)) return undefined;
    } while (this.#class() === comma);
    const time = this.#readTime();
    if (time === null) return undefined;
    this.#endLine();
    return { line: this.#startLine, measurement, tags, fields, time };
  }

  #readTag(tags: Tag[]): boolean {
    this.#at++;
    if (tags.length >= mostTags) return this.#refuse(`has more than ${mostTags} tags`);
    const keyAt = this.#at;
    const key = this.#word(comma | equals | space | newline, comma | equals | space);
    if (key === '') return this.#refuse('a tag has no key');
    if (this.#class() !== equals) return this.#refuse(`the tag ${quote(key)} has no value`);
    this.#at++;
    const value = this.#word(comma | equals | space | newline, comma | equals | space);
    if (value === '') return this.#refuse(`the tag ${quote(key)} has no value`);
    if (this.#class() === equals) return this.#refuse('an equals sign here needs a backslash');
    if (tags.some(([known]) => known === key)) {
      this.#at = keyAt;
      return this.#refuse(`the tag ${quote(key)} stands twice`);
    }
    tags.push([key, value]);
    return true;
  }

  #readField(fields: Field[]): boolean {
    if (fields.length >= mostFields) return this.#refuse(`has more than ${mostFields} fields`);
    const key = this.#word(comma | equals | space | newline, comma | equals | space);
    if (key === '') return this.#refuse('a field has no key');
    if (this.#class() !== equals) return this.#refuse(`the field ${quote(key)} has no value`);
    this.#at++;
    const valueAt = this.#at;
    if (this.#code() === doubleQuote) {
      const text = this.#quoted();
      if (text === undefined) {
        this.#at = valueAt;
        return this.#refuse(`the text of ${quote(key)} has no end`);
      }
      const after = this.#class();
      if (after !== comma && after !== space && after !== newline) {
        return this.#refuse(`the text of ${quote(key)} ended, and something follows it`);
      }
      fields.push([key, text]);
      return true;
    }
    const spelled = this.#word(comma | space | newline, 0);
    const value = readFieldValue(spelled);
    if (typeof value === 'object') {
      this.#at = valueAt;
      return this.#refuse(`the value of ${quote(key)} ${value.problem}`);
    }
    fields.push([key, value]);
    return true;
  }

  /** The digits of the time, `undefined` where there is none, `null` where it is no time. */
  #readTime(): string | undefined | null {
    this.#skipSpaces();
    if (this.#class() === newline) return undefined;
    const timeAt = this.#at;
    const spelled = this.#word(space | newline, 0);
    if (!wholeNumber.test(spelled)) {
      this.#at = timeAt;
      this.#refuse(`the time is ${quote(spelled)}, which is no whole number`);
      return null;
    }
    this.#skipSpaces();
    if (this.#class() === newline) return spelled;
    this.#refuse('something follows the time');
    return null;
  }

  /** Reads up to a character of `stops`; a backslash before one of `escaped` takes its meaning. */
  #word(stops: number, escaped: number): string {
    const text = this.#text;
    const from = this.#at;
    let hasEscapes = false;
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === backslash) {
        if ((classAt(text, at + 1) & escaped) === 0) continue;
        hasEscapes = true;
        at++;
      } else if ((classAt(text, at) & stops) !== 0) break;
    }
    // A backslash at the very end of what has come may take the meaning of what comes.
    if (at >= text.length) this.#ranOut = true;
    this.#at = at;
    const word = text.slice(from, at);
    return hasEscapes ? word.replace(escapes, '$1') : word;
  }

  /** A text in quotes, the position after it; `undefined` when it has no end. */
  #quoted(): string | undefined {
    const text = this.#text;
    const from = this.#at + 1;
    let hasEscapes = false;
    let lines = 0;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === backslash) {
        const next = text.charCodeAt(at + 1);
        if (next !== doubleQuote && next !== backslash) continue;
        hasEscapes = true;
        at++;
      } else if (code === lineFeed) lines++;
      else if (code === doubleQuote) {
        this.#at = at + 1;
        this.#line += lines;
        if (this.#at >= text.length) this.#ranOut = true;
        const quoted = text.slice(from, at);
        return hasEscapes ? quoted.replace(quotedEscapes, '$1') : quoted;
      }
    }
    this.#ranOut = true;
    return undefined;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  /** The class of the next character; the end of the text is that of a line. */
  #class(): number {
    if (this.#at < this.#text.length) return classAt(this.#text, this.#at);
    this.#ranOut = true;
    return newline;
  }

  /** Answers whether there were any. */
  #skipSpaces(): boolean {
    const from = this.#at;
    while (this.#at < this.#text.length && classAt(this.#text, this.#at) === space) this.#at++;
    return this.#at > from;
  }

  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#code();
      if (code === lineFeed) this.#line++;
      else if (code !== carriageReturn && code !== 0x20 && code !== 0x09) return;
    }
  }

  /** Goes to the end of a line that was read. */
  #endLine(): void {
    if (this.#code() === carriageReturn) this.#at++;
    if (this.#code() === lineFeed) {
      this.#at++;
      this.#line++;
    }
  }

  /** Goes on behind the line that began at `#start`; `false` when it does not end yet. */
  #skipLine(): boolean {
    const end = this.#text.indexOf('\n', this.#start);
    if (end < 0 && !this.#isWhole) {
      this.#rewind();
      return false;
    }
    this.#at = end < 0 ? this.#text.length : end + 1;
    this.#line = this.#startLine + 1;
    return true;
  }

  #rewind(): void {
    this.#at = this.#start;
    this.#line = this.#startLine;
  }

  #refuse(problem: string): false {
    this.#problem = problem;
    return false;
  }

  #fail(problem: string): undefined {
    this.#problem = problem;
  }

  #fault(): Fault {
    const fault = {
      line: this.#startLine,
      column: this.#at - this.#start + 1,
      problem: this.#problem ?? 'cannot be read',
      excerpt: excerptOf(this.#text, this.#start),
    };
    this.#skipLine();
    return fault;
  }
}

const mostTags = 128;
const mostFields = 512;
const longestExcerpt = 120;

const hash = 0x23;
const doubleQuote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** What characters mean outside quotes, as bits. */
const comma = 1;
const space = 2;
const equals = 4;
const newline = 8;
const classes = new Uint8Array(128);
classes[0x2c] = comma;
classes[0x20] = space;
classes[0x09] = space;
classes[0x3d] = equals;
classes[lineFeed] = newline;

function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === carriageReturn) {
    const next = text.charCodeAt(at + 1);
    return next === lineFeed || Number.isNaN(next) ? newline : 0;
  }
  return code < 128 ? (classes[code] as number) : 0;
}

const escapes = /\\([,= \t])/g;
const quotedEscapes = /\\(["\\])/g;
const wholeNumber = /^-?\d{1,19}$/;

const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

function excerptOf(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? text.length : end).trimEnd();
  return line.length > longestExcerpt ? `${line.slice(0, longestExcerpt)}…` : line;
}
