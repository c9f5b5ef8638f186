/**
 * Something that went wrong, as `application/problem+json` (RFC 9457) tells it: what happened, and
 * a hint that says what to do.
 */
export class Problem extends Error {
  /** HTTP status; 0 when the hub did not answer at all. */
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly field: string | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly hint?: string | undefined; readonly field?: string | undefined } = {},
  ) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.hint = more.hint;
    this.field = more.field;
  }
}

/** Reads the body of a failed answer. Anything that is no problem document still gets plain words. */
export function problemOf(status: number, body: unknown): Problem {
  const document = typeof body === 'object' && body !== null ? body : {};
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(document, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const message = text('detail') ?? text('title') ?? `The hub answered with an error (${status}).`;
  return new Problem(status, text('code') ?? 'unknown', message, {
    hint: text('hint'),
    field: text('field'),
  });
}

/** Whatever was thrown, as a problem that can be shown. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, 'unexpected', 'Something went wrong on this page.', {
    hint: 'Reload the page. If it happens again, tell the owner of this home.',
  });
}

/** Whether the hub wants one's own password with it: a sign-in of some minutes ago is not enough. */
export const asksForPassword = (thrown: unknown): boolean =>
  thrown instanceof Problem && thrown.field === 'password';

export const unreachable = (): Problem =>
  new Problem(0, 'unreachable', 'The hub does not answer.', {
    hint: 'Check that it is switched on and that this device is on the home network.',
  });

/** A message as a sentence: the hub writes them in small letters and without a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
