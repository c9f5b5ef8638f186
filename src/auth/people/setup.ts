import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalSecrets, readableCode, syncDirectory, writeFileDurably } from '#kernel';
import { plainCode, spellCode } from './codes.ts';

/** 40 random bits: guessing it takes a thousand years, even at thirty tries a second. */
const codeLength = 8;

/**
 * The code that whoever sets the hub up has to read off its screen or its log. It is the same after
 * a restart, so that what was noted down stays true, and gone for ever once there is an owner.
 */
export class SetupCode {
  readonly #path: string;
  #code: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The code as a person reads it (`k7qm-2fxp`); undefined once it has been used. */
  get value(): string | undefined {
    return this.#code === undefined ? undefined : spellCode(this.#code);
  }

  /** Takes up the code of an earlier start, or makes one. */
  async open(): Promise<void> {
    const kept = existsSync(this.#path) ? plainCode(await readFile(this.#path, 'utf8')) : '';
    this.#code = kept.length === codeLength ? kept : readableCode(codeLength);
    if (kept !== this.#code) await writeFileDurably(this.#path, `${this.value}\n`, 0o600);
  }

  /** Whether `typed` is the code, however it is spelled. */
  matches(typed: string): boolean {
    return this.#code !== undefined && equalSecrets(plainCode(typed), this.#code);
  }

  /** Forgets the code. Also done when a crash came between the owner's creation and this. */
  async close(): Promise<void> {
    this.#code = undefined;
    if (!existsSync(this.#path)) return;
    await rm(this.#path, { force: true });
    await syncDirectory(dirname(this.#path));
  }
}
