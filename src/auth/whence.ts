import type { Origin } from './types.ts';

/** What `http` puts beside each request: by which way it came. There is none for one made by hand. */
interface Arrival {
  readonly door?: string;
  readonly remoteAddress?: string;
  readonly certificateDer?: Uint8Array;
}

interface Asked {
  readonly env: unknown;
}

interface HeaderReader {
  header(name: string): string | undefined;
}

/** The address a request came from; empty for the control socket and the process itself. */
export const remoteAddressOf = (context: Asked): string =>
  ((context.env ?? {}) as Arrival).remoteAddress ?? '';

/** From where a request came, in a word, for what is written down. */
export function originOf(context: Asked): string {
  const { door } = (context.env ?? {}) as Arrival;
  return door === 'socket' ? 'control socket' : remoteAddressOf(context);
}

/** The client certificate that the connection showed, DER. Nobody has judged it: the CA has to. */
export const clientCertificateOf = (context: Asked): Uint8Array | undefined =>
  ((context.env ?? {}) as Arrival).certificateDer;

/** As above, for limits and lists of sessions too. */
export function visitOf(context: Asked & { readonly req: HeaderReader }): Origin {
  const { door } = (context.env ?? {}) as Arrival;
  return {
    remoteAddress: remoteAddressOf(context),
    userAgent: context.req.header('user-agent') ?? '',
    isLocal: door === 'socket' || door === 'process',
  };
}

/** An origin in a word. */
export const whereFrom = ({ remoteAddress, isLocal }: Origin): string =>
  isLocal ? 'control socket' : remoteAddress;
