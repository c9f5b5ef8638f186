const mostLetters = 100;

/**
 * What two names have in common that read the same: letters without case, width and composition
 * (Unicode NFKC), without what is not seen. People and programs stand in the audit by their names.
 */
export const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .replaceAll(/\p{Cf}+/gu, '')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .toLowerCase();

/** `wanted` on one line, with a number behind it where that is taken. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  const line = wanted.replaceAll(/\p{Cc}+/gu, ' ').trim();
  const name = plainName(line) === '' ? 'Somebody' : line;
  for (let number = 1; ; number++) {
    const end = number === 1 ? '' : ` ${number}`;
    const candidate = name.slice(0, mostLetters - end.length) + end;
    if (!isTaken(candidate)) return candidate;
  }
}
