import { timeMarks } from './points.ts';

const microsecondsPerMs = 1000;
const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d)?)?$/;
const wholeNumber = /^-?\d{1,20}$/;
const anyNumber = /^-?\d{1,20}(?:\.\d{1,12})?$/;

/**
 * Reads a device's idea of time as microseconds since 1970 UTC. An ISO 8601 time without a zone is
 * taken as UTC, because that is what firmware without a zone database sends. A number (or a string
 * of one) is seconds, milliseconds, microseconds or nanoseconds by its magnitude: each unit's years
 * 1973 to 5138 fall between the next smaller one's. `undefined` when it is no time.
 */
export function readTimestampUs(value: unknown): number | undefined {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (wholeNumber.test(text)) return fromDigits(text);
  if (anyNumber.test(text)) return fromNumber(Number(text));
  return fromIso(text);
}

function fromNumber(value: number): number | undefined {
  const magnitude = Math.abs(value);
  if (magnitude < 1e11) return scale(value, 1e6);
  if (magnitude < 1e14) return scale(value, 1e3);
  if (magnitude < 1e17) return Math.round(value);
  // A nanosecond count is past 2^53; rounding to the microsecond takes the double's error back out.
  if (magnitude < 1e20) return fromNanoseconds(BigInt(value));
  return undefined;
}

/** Multiplies the fraction by itself: it has bits to spare that the product as a whole has not. */
function scale(value: number, factor: number): number {
  const whole = Math.trunc(value);
  return whole * factor + Math.round((value - whole) * factor);
}

/** As `fromNumber`, exact to the last digit where a double is not. */
function fromDigits(text: string): number | undefined {
  const value = Number(text);
  if (Math.abs(value) < 1e17) return fromNumber(value);
  return fromNanoseconds(BigInt(text));
}

const fromNanoseconds = (value: bigint): number => Number((value + 500n) / 1000n);

function fromIso(text: string): number | undefined {
  const match = isoTime.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = ''] = match;
  const [sign, zoneHour = '0', zoneMinute = '0'] = match.slice(8);
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC carries 31 February over into March; a device that says so is not believed.
  if (new Date(dayMs).getUTCDate() !== Number(day) || Number(month) > 12) return undefined;
  // A leap second is written :60 and counted as the next minute's first, as POSIX time does.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined;
  const zoneMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1);
  const seconds = (Number(hour) * 60 + Number(minute) - zoneMinutes) * 60 + Number(second);
  const fractionUs = Math.round(Number(fraction.padEnd(9, '0')) / 1000);
  return (dayMs + seconds * 1000) * microsecondsPerMs + fractionUs;
}

/** What the hub believes about time when a message arrives. */
export interface HubTime {
  readonly receivedUs: number;
  /** Whether the hub's own clock can be right at all. */
  readonly plausible: boolean;
}

export interface SettledTime {
  readonly timeUs: number;
  /** Bits of `timeMarks`. */
  readonly mark: number;
}

export const earliestUs = Date.UTC(2020, 0, 1) * microsecondsPerMs;
/** No clock that says so is believed, not even while the hub has none of its own. */
export const latestUs = Date.UTC(2100, 0, 1) * microsecondsPerMs;
export const furthestAheadUs = 10 * 60 * 1e6;

/**
 * Decides which time a reading gets: the device's, unless there is none or it is absurd (before
 * 2020, or more than ten minutes ahead), and the receipt otherwise. While the hub's own clock is
 * implausible it cannot judge: any device time since 2020 is kept, and marked.
 */
export function settleTime(deviceUs: number | undefined, hub: HubTime): SettledTime {
  const doubt = hub.plausible ? 0 : timeMarks.doubtfulHub;
  if (deviceUs === undefined) return { timeUs: hub.receivedUs, mark: timeMarks.stamped | doubt };
  const tooFarAhead = hub.plausible && deviceUs > hub.receivedUs + furthestAheadUs;
  if (deviceUs < earliestUs || tooFarAhead || deviceUs >= latestUs) {
    return { timeUs: hub.receivedUs, mark: timeMarks.stamped | timeMarks.absurdClock | doubt };
  }
  return { timeUs: deviceUs, mark: doubt };
}

const firstPlausibleHubUs = Date.UTC(2024, 0, 1) * microsecondsPerMs;
/** How far time servers may step a clock back without making the hub doubt it. */
const stepBackUs = 60 * 1e6;

/** A hub's clock is implausible before 2024 and before the last record it wrote: a flat battery. */
export const hubClockPlausible = (nowUs: number, lastWrittenUs: number): boolean =>
  nowUs >= firstPlausibleHubUs && nowUs >= lastWrittenUs - stepBackUs;
