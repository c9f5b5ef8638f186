import { type Clock, HearthError, hashSecret } from '#kernel';
import type { CodeStore } from './code-store.ts';
import { makeLongCode, plainCode } from './codes.ts';

interface PasswordResetsOptions {
  readonly store: CodeStore;
  readonly clock: Clock;
}

export interface ResetCode {
  readonly code: string;
  readonly expiresAtMs: number;
}

/** Codes that set a new password, each once; a person has one at a time. */
export class PasswordResets {
  readonly #options: PasswordResetsOptions;

  constructor(options: PasswordResetsOptions) {
    this.#options = options;
  }

  /**
   * `code` is the one time it is seen.
   * @param madeBy as `makerOf` names them; left out when nobody but the person has it.
   */
  create(personId: string, lifetimeMs: number, madeBy?: string): ResetCode {
    const { store, clock } = this.#options;
    const code = makeLongCode();
    const expiresAtMs = Math.floor(clock.nowMs() + lifetimeMs);
    store.putReset(hashSecret(plainCode(code)), personId, expiresAtMs, madeBy ?? null);
    return { code, expiresAtMs };
  }

  /** Whose code this is. @throws HearthError `forbidden` for one that is not good any more. */
  personOf(code: string): string {
    const { store, clock } = this.#options;
    const personId = store.personOfReset(hashSecret(plainCode(code)), clock.nowMs());
    if (personId === undefined) {
      throw new HearthError('forbidden', 'that code is not valid', {
        field: 'code',
        hint: 'Each is good once, and for a while. Ask the owner for another.',
      });
    }
    return personId;
  }

  /** Voids what there is for a person. */
  voidAllOf(personId: string): void {
    this.#options.store.deleteResetsOf(personId);
  }

  /** Voids those that somebody made for others. */
  voidAllBy(maker: string): void {
    this.#options.store.deleteResetsBy(maker);
  }
}
