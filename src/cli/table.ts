const gap = '  ';
/** Free text is not cut to less than this. */
const narrowest = 12;

/**
 * Text that is safe for a terminal: one line, no escape sequences. Ids, topics and payloads come
 * from devices and strangers.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu, '·');

/** How a cell reads: nothing for what is not known, a list with commas. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cell).join(', ');
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** How wide a table may be, and what gives way when it is wider. */
export interface Fit {
  /** Characters in a line; `Infinity` where no terminal would wrap it. */
  readonly columns: number;
  /** Headings of free text. Times, ids, names of settings and reasons are of no use in half. */
  readonly cuts?: readonly string[];
}

/**
 * Rows under their headings. Of columns that may be cut, the widest give way first; when that would
 * not be enough, nothing is cut and the terminal wraps the lines. Numbers stand to the right.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  { columns, cuts = [] }: Fit,
): string {
  const texts = rows.map((row) => headings.map((_, column) => cell(row[column])));
  const widths = shrink(
    headings.map((heading, column) =>
      texts.reduce((width, row) => Math.max(width, lengthOf(row[column] ?? '')), lengthOf(heading)),
    ),
    columns - gap.length * (headings.length - 1),
    headings.map((heading) => cuts.includes(heading)),
  );
  const isNumber = headings.map(
    (_, column) =>
      rows.some((row) => typeof row[column] === 'number') &&
      rows.every((row) => row[column] == null || typeof row[column] === 'number'),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => align(text, widths[column] ?? 0, isNumber[column] === true))
      .join(gap)
      .trimEnd();
  return [line(headings.map((heading) => heading.toUpperCase())), ...texts.map(line)].join('\n');
}

/** `name  value` lines: what a table with one row would say, turned on its side. */
export function list(entries: Readonly<Record<string, unknown>>): string {
  const width = Math.max(0, ...Object.keys(entries).map(lengthOf));
  return Object.entries(entries)
    .map(([name, value]) => `${printable(name).padEnd(width)}${gap}${cell(value)}`.trimEnd())
    .join('\n');
}

/** `1.4 MB`: sizes as disks are sold, in powers of a thousand. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

function shrink(widths: readonly number[], room: number, mayCut: readonly boolean[]): number[] {
  const fitted = [...widths];
  const cuttable = (width: number, column: number) => (mayCut[column] ? width : 0);
  for (let over = fitted.reduce((sum, width) => sum + width, -room); over > 0; over--) {
    const candidates = fitted.map(cuttable);
    const widest = candidates.indexOf(Math.max(...candidates));
    // Lines that are wrapped all the same may as well be whole.
    if ((candidates[widest] ?? 0) <= narrowest) return [...widths];
    fitted[widest] = (fitted[widest] ?? 0) - 1;
  }
  return fitted;
}

function align(text: string, width: number, right: boolean): string {
  const points = [...text];
  if (points.length > width) return `${points.slice(0, Math.max(0, width - 1)).join('')}…`;
  const padding = ' '.repeat(width - points.length);
  return right ? padding + text : text + padding;
}

const lengthOf = (text: string): number => [...text].length;
