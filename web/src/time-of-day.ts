/** A time of day as it stands in a form: on the clock, or so many minutes beside the sun. */
export interface TimeOfDay {
  readonly from: 'clock' | 'sunrise' | 'sunset';
  /** `18:00`. */
  readonly clock: string;
  readonly side: 'before' | 'after';
  /** Beside the sun; empty is none. */
  readonly minutes: string;
}

export const onTheClock = (clock: string): TimeOfDay => ({
  from: 'clock',
  clock,
  side: 'after',
  minutes: '0',
});

const sunPattern = /^(sunrise|sunset)(?:([+-])(\d{1,2}):(\d{2}))?$/;

/** Reads `18:00`, `sunset` or `sunrise+00:30`. */
export function readTimeOfDay(text: string): TimeOfDay {
  const [, from, sign, hours = '0', minutes = '0'] = sunPattern.exec(text) ?? [];
  if (from === undefined) return onTheClock(text);
  return {
    from: from === 'sunrise' ? 'sunrise' : 'sunset',
    clock: '',
    side: sign === '-' ? 'before' : 'after',
    minutes: String(Number(hours) * 60 + Number(minutes)),
  };
}

/** Writes it as the hub reads it. */
export function writeTimeOfDay({ from, clock, side, minutes }: TimeOfDay): string {
  if (from === 'clock') return clock;
  const count = Math.round(Number(minutes));
  if (Number.isNaN(count) || count === 0) return from;
  const two = (number: number) => String(number).padStart(2, '0');
  const isBefore = (side === 'before') === count > 0;
  const length = Math.abs(count);
  return `${from}${isBefore ? '-' : '+'}${two(Math.floor(length / 60))}:${two(length % 60)}`;
}

/** `18:00`, `sunset`, `30 min before sunrise`. */
export function timeOfDayWords(text: string): string {
  const { from, side, minutes } = readTimeOfDay(text);
  if (from === 'clock') return text;
  return minutes === '0' ? from : `${minutes} min ${side} ${from}`;
}
