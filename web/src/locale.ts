/** What Intl can be given: undefined stands for whatever it takes by itself. */
export type Locales = string | readonly string[] | undefined;

/**
 * Those of a browser's languages that are tags. In a C or POSIX locale browsers say `en-US@posix`,
 * and Intl throws at that.
 */
export function localesOf(languages: readonly string[]): readonly string[] | undefined {
  const known = languages.filter(isTag);
  return known.length === 0 ? undefined : known;
}

function isTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1;
  } catch {
    return false;
  }
}

/** The reader's own: for hours and numbers, as the words are English. */
export const ownLocales = localesOf(navigator.languages ?? [navigator.language]);

// The charts hand the browser's language to Intl as they are loaded, whatever it is.
if (localesOf([navigator.language]) === undefined) {
  Object.defineProperty(navigator, 'language', { value: ownLocales?.[0] ?? 'en-US' });
}
