import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, loadConfig } from '#config';
import type { Surroundings } from './surroundings.ts';
import { printable, table } from './table.ts';

const widthOfAPipe = 120;

export interface GlobalOptions {
  readonly json?: boolean;
  readonly data?: string;
}

/** One call of `hearth`: what every verb is handed before its own arguments. */
export class Invocation {
  readonly around: Surroundings;
  readonly json: boolean;
  readonly #data: string | undefined;

  constructor(around: Surroundings, options: GlobalOptions) {
    this.around = around;
    this.json = options.json === true;
    this.#data = options.data;
  }

  /** The settings, with the data directory and `overrides` over everything else. */
  config(overrides: Readonly<Record<string, unknown>> = {}): Config {
    const { environment } = this.around;
    return loadConfig({ overrides: { ...overrides, data: this.data }, environment });
  }

  /** The data directory, as an absolute path. */
  get data(): string {
    return this.path(this.#data ?? (this.around.environment.HEARTH_DATA || './data'));
  }

  get dataExists(): boolean {
    return existsSync(this.data);
  }

  /** A path as its typist means it. */
  path(text: string): string {
    return resolve(this.around.workingDirectory, text);
  }

  /** How wide a drawing may be: as COLUMNS says, or the terminal. */
  get columns(): number {
    const { environment, output } = this.around;
    const told = Number(environment.COLUMNS);
    return told >= 1 ? Math.floor(told) : output.columns || widthOfAPipe;
  }

  /** A table for the standard output; nothing is cut in a pipe or a file. */
  table(
    headings: readonly string[],
    rows: readonly (readonly unknown[])[],
    cuts: readonly string[] = [],
  ): string {
    const columns = this.around.output.isTTY ? this.columns : Number.POSITIVE_INFINITY;
    return table(headings, rows, { columns, cuts });
  }

  /** What was asked for: to standard output. */
  print(text: string): void {
    this.around.output.write(`${text}\n`);
  }

  /** A piece of a long answer; resolves when there is room for the next. */
  async write(piece: Uint8Array): Promise<void> {
    if (!this.around.output.write(piece)) await once(this.around.output, 'drain');
  }

  /** The answer as one line of JSON for a program, or as `text` for a person. */
  answer(body: unknown, text: () => string): void {
    this.print(this.json ? JSON.stringify(body) : text());
  }

  /** A word to the person in front of it: to standard error, so that pipes stay clean. */
  note(text: string): void {
    if (!this.json) this.around.errors.write(`${printable(text)}\n`);
  }
}
