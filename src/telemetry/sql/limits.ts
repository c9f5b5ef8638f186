/** Rows of an answer at most, and when nothing else is asked for. */
export const mostRows = 100_000;
export const defaultRows = 10_000;
/** Of an answer's rows as JSON. */
export const mostBytes = 16 * 1024 ** 2;
export const timeoutMs = 30_000;
/** Characters of a statement that the audit keeps. */
export const longestKept = 500;
