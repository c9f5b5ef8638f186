/**
 * Web Authentication between its JSON form (Level 3 §5.1.8) and what a browser takes and gives.
 * Browsers do this themselves only since 2024 or 2025, and the phones of a home are older.
 */

type Json = Readonly<Record<string, unknown>>;

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function base64urlOf(buffer: ArrayBuffer): string {
  let text = '';
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const bytes = (value: unknown) => bytesOf(String(value));
const descriptors = (value: unknown): object[] =>
  (Array.isArray(value) ? (value as Json[]) : []).map((one) => ({ ...one, id: bytes(one.id) }));

/** What `navigator.credentials.create` and `get` take, as far as it is made here. */
interface RequestForm {
  readonly challenge: Uint8Array<ArrayBuffer>;
}
interface CreationForm extends RequestForm {
  readonly user: { readonly id: Uint8Array<ArrayBuffer> };
  readonly excludeCredentials: readonly object[];
}

export function creationOptions(options: Json): CreationForm {
  const user = options.user as Json;
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
}

export function requestOptions(
  options: Json,
): RequestForm & { readonly allowCredentials: readonly object[] } {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  };
}

/** What is read of a credential; the browser's own types say less of what `response` is. */
export interface Made {
  readonly id: string;
  readonly rawId: ArrayBuffer;
  readonly response: {
    readonly clientDataJSON: ArrayBuffer;
    readonly attestationObject?: ArrayBuffer;
    readonly authenticatorData?: ArrayBuffer;
    readonly signature?: ArrayBuffer;
    readonly userHandle?: ArrayBuffer | null;
    getTransports?(): string[];
  };
}

/** A new credential, for the hub. */
export const registrationJson = ({ id, rawId, response }: Made): object => ({
  id,
  rawId: base64urlOf(rawId),
  type: 'public-key',
  response: {
    clientDataJSON: base64urlOf(response.clientDataJSON),
    attestationObject: base64urlOf(response.attestationObject ?? new ArrayBuffer(0)),
    transports: response.getTransports?.() ?? [],
  },
});

/** A credential that signed, for the hub. */
export const authenticationJson = ({ id, rawId, response }: Made): object => ({
  id,
  rawId: base64urlOf(rawId),
  type: 'public-key',
  response: {
    clientDataJSON: base64urlOf(response.clientDataJSON),
    authenticatorData: base64urlOf(response.authenticatorData ?? new ArrayBuffer(0)),
    signature: base64urlOf(response.signature ?? new ArrayBuffer(0)),
    ...(response.userHandle && { userHandle: base64urlOf(response.userHandle) }),
  },
});
