import { HearthError, parseDurationMs } from '#kernel';

/** How a simulated device takes what it is told. */
export type Behaviour =
  /**
   * `obey` executes and acknowledges; `ignore` does neither; `lie` acknowledges without executing;
   * `nack` refuses everything; `silent` executes and reports, but acknowledges nothing.
   */
  | { readonly kind: 'obey' | 'ignore' | 'lie' | 'nack' | 'silent' }
  /** Executes and acknowledges so much later. */
  | { readonly kind: 'delay'; readonly delayMs: number };

const plain = ['obey', 'ignore', 'lie', 'nack', 'silent'] as const;

/**
 * Reads `obey`, `ignore`, `lie` (also `ack-only`), `nack`, `silent` or `delay:2s`.
 * @throws HearthError `bad_request` naming `field`.
 */
export function parseBehaviour(text: string, field: string): Behaviour {
  const delay = /^delay:(.+)$/.exec(text)?.[1];
  if (delay !== undefined) return { kind: 'delay', delayMs: parseDurationMs(delay, field) };
  const name = text === 'ack-only' ? 'lie' : text;
  const kind = plain.find((word) => word === name);
  if (kind !== undefined) return { kind };
  throw new HearthError('bad_request', `${field} is no behaviour: "${text.slice(0, 40)}"`, {
    field,
    hint: `Write one of ${plain.join(', ')}, or delay:2s.`,
  });
}
