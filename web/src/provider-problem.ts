import { Problem } from './problem.ts';

type Words = readonly [message: string, hint?: string];

const again = 'Try again.';
const askOwner = 'Sign in with your password, or ask the owner of this home.';

/** Why signing in by the provider came to nothing, by the code in the address. */
const words: Readonly<Record<string, Words>> = {
  not_set_up: ['No provider is set up here.', askOwner],
  unreachable: ['The provider does not answer.', 'Try again in a while, or use your password.'],
  declined: ['The provider did not let you through.', 'Try again, or use your password.'],
  expired: ['That took too long, or was begun in another browser.', again],
  not_verified: ['What the provider said could not be verified.', askOwner],
  clock: [
    'The clocks of the provider and of the hub do not agree.',
    'The owner of this home should look at the clock of the hub.',
  ],
  not_linked: [
    'Nobody here goes by that account.',
    'Sign in with your password first, then link the account on the page “My account”.',
  ],
  email_not_verified: [
    'The provider does not vouch for your e-mail address.',
    'Confirm the address there first, or use your password.',
  ],
  email_taken: [
    'Somebody here has that e-mail address already.',
    'If it is you, sign in with your password and link the account on the page “My account”.',
  ],
  linked_already: [
    'That account is linked already, or you have another one linked.',
    'Remove the old link first.',
  ],
  invitation: [
    'The invitation is not valid, or not any more.',
    'Ask whoever invited you for another.',
  ],
  disabled: ['You cannot sign in at the moment.', 'Ask the owner of this home.'],
  session_ended: ['You were signed out meanwhile.', 'Sign in, and link the account once more.'],
  too_many: ['Too many tries from your address.', 'Wait a minute, then try again.'],
};

/** The problem of a code; one that is not known still gets words. */
export function providerProblem(code: string): Problem {
  const [message, hint] = words[code] ?? ['Signing in by the provider did not work.', askOwner];
  return new Problem(0, code, message, { hint });
}
