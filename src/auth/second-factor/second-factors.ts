import { createHmac } from 'node:crypto';
import { type Clock, HearthError, readableCode } from '#kernel';
import type { Reseal, Vault } from '#secrets';
import { plainCode, spellCode } from '../people/codes.ts';
import type { Person } from '../types.ts';
import type { SecondFactorStore } from './second-factor-store.ts';
import { makeTotpSecret, spellTotpSecret, totpStepOf, totpUri } from './totp.ts';

const purpose = 'auth.totp';
const recoveryCodes = 10;
/** 50 random bits, in two halves of five letters. */
const recoveryCodeLength = 10;

export type SecondFactor = 'totp' | 'recovery_code';

interface SecondFactorsOptions {
  readonly store: SecondFactorStore;
  readonly vault: Vault;
  readonly clock: Clock;
  /** What an authenticator app shows above the code. */
  readonly issuer: string;
}

/**
 * Authenticator apps (TOTP, RFC 6238), and codes for whoever has lost theirs. A code counts once. Who
 * may ask for what, and how often, is for the callers of this.
 */
export class SecondFactors {
  readonly #options: SecondFactorsOptions;

  constructor(options: SecondFactorsOptions) {
    this.#options = options;
  }

  isOn(personId: string): boolean {
    return (this.#options.store.get(personId)?.confirmed_at_ms ?? null) !== null;
  }

  recoveryCodesLeft(personId: string): number {
    return this.#options.store.codesLeft(personId);
  }

  /**
   * Makes the secret for an app; it counts once a code has confirmed it.
   * @throws HearthError `conflict` when there is an app already.
   */
  begin(person: Person): { readonly secret: string; readonly uri: string } {
    const { store, vault, issuer } = this.#options;
    if (this.isOn(person.id)) {
      throw new HearthError('conflict', 'there is an authenticator app already', {
        hint: 'Remove that one first.',
      });
    }
    const secret = makeTotpSecret();
    store.put({
      person_id: person.id,
      sealed_secret: vault.seal(purpose, secret),
      confirmed_at_ms: null,
      last_step: null,
    });
    return { secret: spellTotpSecret(secret), uri: totpUri(secret, issuer, person.email) };
  }

  /**
   * Turns the second factor on. Returns the recovery codes, this once.
   * @throws HearthError `conflict` when none was begun, `bad_request` with field `code`.
   */
  confirm(personId: string, code: string): readonly string[] {
    const { store, clock } = this.#options;
    const row = store.get(personId);
    if (row === undefined || row.confirmed_at_ms !== null) {
      throw new HearthError('conflict', 'no authenticator app waits to be confirmed');
    }
    const secret = this.#open(row.sealed_secret);
    const step = totpStepOf(secret, code, clock.nowMs());
    if (step === undefined) {
      throw new HearthError('bad_request', 'the code is not the one of now', {
        field: 'code',
        hint: 'Take the one that the app shows now; the clocks of phone and hub must agree.',
      });
    }
    store.put({ ...row, confirmed_at_ms: Math.floor(clock.nowMs()), last_step: step });
    return this.#newCodes(personId, secret);
  }

  /** Makes new recovery codes; those of before are void. @throws HearthError `conflict` without an app. */
  renewRecoveryCodes(personId: string): readonly string[] {
    const row = this.#options.store.get(personId);
    if (row === undefined || row.confirmed_at_ms === null) throw noApp();
    return this.#newCodes(personId, this.#open(row.sealed_secret));
  }

  /** Removes the app and the codes. Returns whether there was one. */
  remove(personId: string): boolean {
    return this.#options.store.delete(personId);
  }

  /** Which kind of code this is, now used up; undefined for a wrong one, or one of before. */
  use(personId: string, code: string): SecondFactor | undefined {
    const { store, clock } = this.#options;
    const row = store.get(personId);
    if (row === undefined || row.confirmed_at_ms === null) return undefined;
    const secret = this.#open(row.sealed_secret);
    const nowMs = clock.nowMs();
    const step = totpStepOf(secret, code, nowMs);
    if (step !== undefined) {
      // RFC 6238 section 5.2: a code is good once; those before it are not good any more either.
      if (row.last_step !== null && step <= row.last_step) return undefined;
      store.put({ ...row, last_step: step });
      return 'totp';
    }
    const isUsed = store.useCode(personId, recoveryHash(secret, code), Math.floor(nowMs));
    return isUsed ? 'recovery_code' : undefined;
  }

  reseal(reseal: Reseal): void {
    const { store } = this.#options;
    for (const row of store.all()) {
      store.put({ ...row, sealed_secret: reseal(purpose, row.sealed_secret) });
    }
  }

  #newCodes(personId: string, secret: Buffer): readonly string[] {
    const codes = Array.from({ length: recoveryCodes }, () => readableCode(recoveryCodeLength));
    this.#options.store.replaceCodes(
      personId,
      codes.map((code) => recoveryHash(secret, code)),
    );
    return codes.map((code) => spellCode(code, 5));
  }

  #open(sealed: string): Buffer {
    return this.#options.vault.open(purpose, sealed);
  }
}

/**
 * Fifty bits could be tried out against a plain hash. The app's secret, which lies sealed, is the key
 * of this one: a stolen database alone gives no code away.
 */
const recoveryHash = (secret: Buffer, code: string): string =>
  createHmac('sha256', secret)
    .update(`recovery ${plainCode(code)}`)
    .digest('hex');

export const noApp = (): HearthError =>
  new HearthError('conflict', 'there is no authenticator app', { hint: 'Add one first.' });
