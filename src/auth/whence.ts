/** What `http` puts beside each request: by which way it came. There is none for one made by hand. */
interface Arrival {
  readonly door?: string;
  readonly remoteAddress?: string;
}

interface Asked {
  readonly env: unknown;
}

/** The address a request came from; empty for the control socket and the process itself. */
export const remoteAddressOf = (context: Asked): string =>
  ((context.env ?? {}) as Arrival).remoteAddress ?? '';

/** From where a request came, in a word, for what is written down. */
export function originOf(context: Asked): string {
  const { door } = (context.env ?? {}) as Arrival;
  return door === 'socket' ? 'control socket' : remoteAddressOf(context);
}
