const gap = '  ';
const narrowest = 6;

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

/**
 * Rows under their headings, as wide as the terminal allows: the widest columns give way first.
 * Numbers stand to the right.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  terminalColumns: number,
): string {
  const texts = rows.map((row) => headings.map((_, column) => cell(row[column])));
  const widths = shrink(
    headings.map((heading, column) =>
      texts.reduce((width, row) => Math.max(width, lengthOf(row[column] ?? '')), lengthOf(heading)),
    ),
    terminalColumns - gap.length * (headings.length - 1),
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

function shrink(widths: readonly number[], room: number): number[] {
  const fitted = [...widths];
  for (let over = fitted.reduce((sum, width) => sum + width, -room); over > 0; over--) {
    const widest = fitted.indexOf(Math.max(...fitted));
    if ((fitted[widest] ?? 0) <= narrowest) break;
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
