import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, type ConfigKey, loadConfig } from '#config';
import type { Surroundings } from './surroundings.ts';
import { printable } from './table.ts';

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
  config(overrides: Partial<Record<ConfigKey, unknown>> = {}): Config {
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

  get columns(): number {
    return this.around.output.columns ?? widthOfAPipe;
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
