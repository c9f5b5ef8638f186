import { HearthError, nearest } from '#kernel';

/** How things of a kind are spoken of. */
export interface Kind<Thing> {
  readonly singular: string;
  readonly plural: string;
  /** The command line that shows them. */
  readonly shownBy: string;
  /** What each is called, the most certain name first. */
  readonly namesOf: (thing: Thing) => readonly string[];
}

/**
 * The one thing that a person means, by its id or by one of its names, in whatever case.
 * @throws HearthError `not_found` with what may have been meant, `conflict` where several are called so.
 */
export function meant<Thing extends { readonly id: string }>(
  word: string,
  things: readonly Thing[],
  kind: Kind<Thing>,
): Thing {
  const byId = things.find(({ id }) => id === word);
  if (byId) return byId;
  const wanted = word.toLowerCase();
  const ranks = Math.max(0, ...things.map((thing) => kind.namesOf(thing).length));
  for (let rank = 0; rank < ranks; rank++) {
    const named = things.filter((thing) => kind.namesOf(thing)[rank]?.toLowerCase() === wanted);
    const [only, ...others] = named;
    if (only && others.length === 0) return only;
    if (only) {
      throw new HearthError('conflict', `${named.length} ${kind.plural} are called "${word}"`, {
        hint: `Give an id: ${named.map(({ id }) => id).join(', ')}.`,
      });
    }
  }
  const close = closest(word, things.flatMap(kind.namesOf));
  throw new HearthError('not_found', `there is no ${kind.singular} "${word.slice(0, 100)}"`, {
    hint: `${close === '' ? '' : `Did you mean ${close}? `}${kind.shownBy} shows them.`,
  });
}

/** What may have been meant, when it is no more than a third of the word away; else empty. */
export function closest(word: string, names: readonly string[]): string {
  const typed = word.toLowerCase();
  // Names before this yardstick, which is as far away as they may be.
  const yardstick = typed + '\0'.repeat(Math.floor(typed.length / 3));
  const found = nearest(typed, [...names.map((name) => name.toLowerCase()), yardstick]);
  return names.find((name) => name.toLowerCase() === found) ?? '';
}
