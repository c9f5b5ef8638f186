import { createRequire } from 'node:module';
import type { Secret } from 'otpauth';

/** Loaded when the first code is looked at: most starts of a hub need none of its six megabytes. */
const load = createRequire(import.meta.url);
const otpauth = (): typeof import('otpauth') => load('otpauth');

/** RFC 6238 section 4.1: steps of 30 seconds; section 5.2: one step either way for delays and clocks. */
const stepSeconds = 30;
const window = 1;
/** RFC 4226 section 4, R6: 160 bits. */
const secretBytes = 20;

export const makeTotpSecret = (): Buffer =>
  Buffer.from(new (otpauth().Secret)({ size: secretBytes }).bytes);

/** What a person types where no picture can be taken: RFC 4648 base 32. */
export const spellTotpSecret = (secret: Uint8Array): string => secretOf(secret).base32;

/** `otpauth://totp/…`, which apps read from a QR code. */
export const totpUri = (secret: Uint8Array, issuer: string, label: string): string =>
  new (otpauth().TOTP)({ secret: secretOf(secret), issuer, label }).toString();

/** The time step whose code this is, now or next to now; undefined for a wrong one. */
export function totpStepOf(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  const digits = code.replaceAll(/\s/g, '');
  if (!/^[0-9]{6}$/.test(digits)) return undefined;
  const totp = new (otpauth().TOTP)({ secret: secretOf(secret) });
  const delta = totp.validate({ token: digits, timestamp: nowMs, window });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / stepSeconds) + delta;
}

/** otpauth keeps a view of the buffer it is given: this one is all secret. */
const secretOf = (secret: Uint8Array): Secret =>
  new (otpauth().Secret)({ buffer: Uint8Array.from(secret).buffer });
