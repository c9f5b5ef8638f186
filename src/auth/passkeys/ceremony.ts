import { HearthError, type Log, messageOf } from '#kernel';
import type { AuthenticationResponse, RegistrationResponse } from './schema.ts';
import type { StoredPasskey } from './types.ts';

/** What a browser was asked, and under which address. */
export interface Question {
  readonly challenge: string;
  readonly rpId: string;
  readonly origin: string;
}

export interface NewKey {
  readonly credentialId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
}

export const ceremonyTimeoutMs = 5 * 60_000;

/** EdDSA, ES256 and RS256 (RFC 9053, RFC 8812): between them every authenticator there is. */
const algorithms = [-8, -7, -257];

const library = () => import('@simplewebauthn/server');

/** What `PublicKeyCredential.parseCreationOptionsFromJSON()` reads. */
export async function creationOptions(
  { challenge, rpId }: Question,
  home: string,
  person: { readonly id: string; readonly name: string; readonly email: string },
  existing: readonly StoredPasskey[],
): Promise<Record<string, unknown>> {
  const { generateRegistrationOptions } = await library();
  const options = await generateRegistrationOptions({
    rpName: home,
    rpID: rpId,
    challenge: bytesOf(challenge),
    userID: new Uint8Array(Buffer.from(person.id)),
    userName: person.email,
    userDisplayName: person.name,
    timeout: ceremonyTimeoutMs,
    attestationType: 'none',
    excludeCredentials: existing.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports],
    })),
    // Found by the authenticator itself, so that nobody types an e-mail address; and it asks for a
    // finger, a face or a PIN, so that one passkey is both what one has and what one is or knows.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
  return { ...options };
}

/** What `PublicKeyCredential.parseRequestOptionsFromJSON()` reads; the same for everybody. */
export async function requestOptions({
  challenge,
  rpId,
}: Question): Promise<Record<string, unknown>> {
  const { generateAuthenticationOptions } = await library();
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: bytesOf(challenge),
    timeout: ceremonyTimeoutMs,
    userVerification: 'required',
  });
  return { ...options };
}

/**
 * The key of a new passkey (Web Authentication §7.1).
 * @throws HearthError `unprocessable` when this is no answer to the question.
 */
export async function newKeyOf(
  { id, rawId, type, response }: RegistrationResponse,
  { challenge, origin, rpId }: Question,
  log: Log,
): Promise<NewKey> {
  const { verifyRegistrationResponse } = await library();
  try {
    const { clientDataJSON } = response;
    const attestationObject = await withoutStatement(response.attestationObject);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject },
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) throw new Error('not verified');
    const { id: credentialId, publicKey, counter } = registrationInfo.credential;
    if (credentialId !== id) throw new Error('it goes by another credential id than it says');
    return { credentialId, publicKey, counter };
  } catch (error) {
    log.debug({ reason: messageOf(error) }, 'an answer to a new passkey was not accepted');
    throw new HearthError('unprocessable', 'this is not a new passkey for this page', {
      field: 'response',
      hint: 'Start again; the authenticator has to ask for a finger, a face or a PIN.',
    });
  }
}

/**
 * The counter of a passkey that signed the question (Web Authentication §7.2), as it stands now;
 * undefined when it did not. Whether the counter may be that is for the caller to judge.
 */
export async function counterOf(
  { id, rawId, type, response }: AuthenticationResponse,
  { challenge, origin, rpId }: Question,
  { credentialId, publicKey, personId }: StoredPasskey,
  log: Log,
): Promise<number | undefined> {
  const { verifyAuthenticationResponse } = await library();
  try {
    const { clientDataJSON, authenticatorData, signature, userHandle } = response;
    // §7.2 step 6: where nobody said beforehand who signs in, the authenticator has to.
    if (!userHandle || Buffer.from(userHandle, 'base64url').toString() !== personId) {
      throw new Error('the user handle is not that of its person');
    }
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: { id: credentialId, publicKey, counter: 0 },
    });
    if (!verified) throw new Error('the signature is wrong');
    return authenticationInfo.newCounter;
  } catch (error) {
    log.debug({ reason: messageOf(error) }, 'an answer of a passkey was not accepted');
    return undefined;
  }
}

/**
 * Whether a counter went on as it should (Web Authentication §6.1.1). One that stands still or goes
 * back means that there are two of that passkey; authenticators that do not count say 0 for ever.
 */
export const countsOn = (before: number, now: number): boolean =>
  now > before || (now === 0 && before === 0);

/**
 * An attestation object with its statement left out, as §5.4.7 has it for `none`. We asked for no
 * statement; one that comes all the same is a certificate chain of a stranger's, not to be parsed.
 */
async function withoutStatement(attestationObject: string): Promise<string> {
  const { isoCBOR, isoBase64URL, decodeAttestationObject } = await import(
    '@simplewebauthn/server/helpers'
  );
  const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get(
    'authData',
  );
  if (!(authData instanceof Uint8Array)) throw new Error('there is no authenticator data');
  const bare = new Map<string, Parameters<typeof isoCBOR.encode>[0]>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ]);
  return isoBase64URL.fromBuffer(isoCBOR.encode(bare));
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(base64url, 'base64url'));
