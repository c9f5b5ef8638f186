/** As much of it as the tests use: the package comes without types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface Account {
    readonly accountId: string;
    claims(): Promise<Record<string, unknown>>;
  }

  interface Configuration {
    readonly clients: readonly Record<string, unknown>[];
    readonly cookies: { readonly keys: readonly string[] };
    readonly jwks: { readonly keys: readonly unknown[] };
    readonly claims: Readonly<Record<string, readonly string[]>>;
    readonly ttl: Readonly<Record<string, number>>;
    readonly pkce: { readonly required: () => boolean };
    readonly findAccount: (context: unknown, id: string) => Promise<Account>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
