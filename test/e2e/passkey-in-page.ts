/**
 * What a page does about passkeys, as functions that run inside it: they are sent there as text, so
 * they use nothing from here. The few types of the browser that they need are written out.
 */

interface Credential {
  toJSON(): unknown;
}
declare const navigator: {
  readonly credentials: {
    create(options: { publicKey: unknown }): Promise<Credential>;
    get(options: { publicKey: unknown }): Promise<Credential>;
  };
};
declare const PublicKeyCredential: {
  parseCreationOptionsFromJSON(options: unknown): unknown;
  parseRequestOptionsFromJSON(options: unknown): unknown;
};

export interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

export interface PageAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its own answer.
  readonly body: any;
}

/** Asks the hub as a script of its page does: with the cookie, and nothing else. */
export async function askInPage({ method, path, body }: PageRequest): Promise<PageAnswer> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Has the authenticator make a passkey; as JSON. */
export async function createPasskey(options: unknown): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

/** Has the authenticator sign; as JSON. */
export async function usePasskey(options: unknown): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
