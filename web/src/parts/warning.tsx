import type { ComponentChildren } from 'preact';

/** Something the owner should look at. A triangle and words, not only a colour. */
export function Warning({ children }: { children: ComponentChildren }) {
  return (
    <p class="note note-warning">
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <path d="M10 2.5 18.5 17h-17zM10 8v4.2m0 2.3v.1" />
      </svg>
      <span>{children}</span>
    </p>
  );
}

/** `1 attempt was refused`, `3 attempts were refused`. */
export const refusals = (count: number): string =>
  count === 1 ? '1 attempt was refused' : `${count} attempts were refused`;
