import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Known, type Purpose } from '../../src/auth/oidc/decision.ts';

const nobody: Known = {
  link: undefined,
  byEmail: undefined,
  hasAnother: () => false,
  linkByEmail: false,
};
const signIn: Purpose = { kind: 'sign-in' };
const invited: Purpose = { kind: 'sign-in', invitation: 'k7qm' };
const link: Purpose = { kind: 'link', personId: 'ada' };

const ada = { id: 'ada' };
const isAda = { kind: 'sign-in', personId: 'ada' } as const;
const linksAda = { kind: 'link', personId: 'ada' } as const;
const refuse = (problem: string) => ({ kind: 'refuse', problem });

const proved = { email: 'ada@home.example', emailVerified: true };
const claimed = { email: 'ada@home.example', emailVerified: false };
const silent = { email: undefined, emailVerified: false };

describe('who an account of the provider is here', () => {
  it.each<[string, Purpose, typeof proved | typeof silent, Partial<Known>, unknown]>([
    ['a linked one', signIn, silent, { link: { personId: 'ada' } }, isAda],
    ['a linked one, by whatever address', signIn, proved, linkedTo('ada', 'bob'), isAda],
    ['a linked one, with an invitation', invited, proved, { link: { personId: 'ada' } }, isAda],
    ['a stranger', signIn, proved, {}, refuse('not_linked')],
    ['an address that is known', signIn, proved, { byEmail: ada }, refuse('not_linked')],
    ['… and allowed', signIn, proved, { byEmail: ada, linkByEmail: true }, linksAda],
    ['… but not proved', signIn, claimed, allowed(), refuse('email_not_verified')],
    ['… and not said', signIn, silent, { linkByEmail: true }, refuse('email_not_verified')],
    ['… of somebody who has another', signIn, proved, allowed(true), refuse('not_linked')],
    ['an allowed one of nobody', signIn, proved, { linkByEmail: true }, refuse('not_linked')],
    ['somebody invited', invited, proved, {}, joins()],
    ['… without a proved address', invited, claimed, {}, refuse('email_not_verified')],
    ['… who is here already', invited, proved, { byEmail: ada }, refuse('email_taken')],
    ['… who is here, allowed', invited, proved, allowed(), linksAda],
    ['… who is here with another', invited, proved, allowed(true), refuse('email_taken')],
    ['one to link', link, silent, {}, linksAda],
    ['one to link again', link, silent, { link: { personId: 'ada' } }, isAda],
    ['one of somebody else', link, silent, linkedTo('bob'), refuse('linked_already')],
    ['a second one', link, silent, { hasAnother: () => true }, refuse('linked_already')],
  ])('%s', (_, purpose, claims, known, expected) => {
    expect(decide(purpose, claims, { ...nobody, ...known })).toEqual(expected);
  });
});

function linkedTo(personId: string, byEmail?: string): Partial<Known> {
  return { link: { personId }, ...(byEmail && { byEmail: { id: byEmail } }) };
}

function allowed(hasAnother = false): Partial<Known> {
  return { byEmail: ada, linkByEmail: true, hasAnother: () => hasAnother };
}

function joins(): Decision {
  return { kind: 'join', invitation: 'k7qm', email: 'ada@home.example' };
}
