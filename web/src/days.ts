/** Days as a date input has them, `2026-03-01`, by the reader's own calendar. */

const two = (number: number): string => String(number).padStart(2, '0');

export function dateOf(timeMs: number): string {
  const day = new Date(timeMs);
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The midnight at which a day begins; NaN for what is no day. */
export const beginMs = (date: string): number => new Date(`${date}T00:00`).getTime();

/** The midnight at which it ends. */
export function finishMs(date: string): number {
  const day = new Date(`${date}T00:00`);
  day.setDate(day.getDate() + 1);
  return day.getTime();
}
