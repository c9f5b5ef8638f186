/** The candidate that the fewest edits make of `word`: for "did you mean". Empty when there are none. */
export function nearest(word: string, candidates: readonly string[]): string {
  const [first = ''] = candidates.toSorted((a, b) => edits(word, a) - edits(word, b));
  return first;
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const changed = (row[j] ?? 0) + (to[j] === letter ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
