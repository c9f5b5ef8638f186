import {
  authenticationJson,
  creationOptions,
  type Made,
  registrationJson,
  requestOptions,
} from './passkey-json.ts';
import { account, entry } from './people-api.ts';
import type { BrowserOptions } from './people-wire.ts';
import { Problem } from './problem.ts';

/** Whether this browser knows passkeys at all. */
export const browserHasPasskeys = (): boolean => 'PublicKeyCredential' in globalThis;

/** Asks the browser for a passkey of this hub, and signs in with it. */
export async function signInWithPasskey(): Promise<void> {
  const { challenge_id, options } = await entry.beginPasskeyLogIn();
  const publicKey = requestOptions(options) as unknown as PublicKeyCredentialRequestOptions;
  const made = await ask(() => navigator.credentials.get({ publicKey }));
  await entry.logInWithPasskey(challenge_id, authenticationJson(made));
}

/** Has the browser make a passkey for whoever is signed in. */
export async function makePasskey(name: string, options: BrowserOptions): Promise<void> {
  const publicKey = creationOptions(options) as unknown as PublicKeyCredentialCreationOptions;
  const made = await ask(() => navigator.credentials.create({ publicKey }));
  await account.addPasskey(name, registrationJson(made));
}

async function ask(request: () => Promise<Credential | null>): Promise<Made> {
  try {
    const made = await request();
    if (made) return made as unknown as Made;
  } catch (thrown) {
    throw problemOf(thrown);
  }
  throw problemOf(undefined);
}

/** Browsers say little of what went wrong, on purpose (Web Authentication §14.5.1). */
function problemOf(thrown: unknown): Problem {
  const name = thrown instanceof DOMException ? thrown.name : '';
  if (name === 'InvalidStateError') {
    return new Problem(0, 'passkey', 'This device has a passkey for you already.');
  }
  if (name === 'SecurityError') {
    return new Problem(0, 'passkey', 'The browser makes no passkeys on this page.', {
      hint: 'Trust the certificate of this hub first, and open it by its name.',
    });
  }
  return new Problem(0, 'passkey', 'That was not finished.', {
    hint: 'It was cancelled, it took too long, or there is no passkey of this hub here.',
  });
}
