import { readableCode } from '#kernel';

/** Crockford's base 32: case and dashes do not count, and what looks like a digit is one. */
export const plainCode = (typed: string): string =>
  typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');

/** As a person reads it: `k7qm-2fxp`. */
export const spellCode = (code: string, groupLength = 4): string =>
  (code.match(new RegExp(`.{1,${groupLength}}`, 'g')) ?? []).join('-');

/** 80 random bits, in four fours: for what lies in a mailbox for days. */
export const makeLongCode = (): string => spellCode(readableCode(16));
