/** Microseconds that one unit of a precision has; nanoseconds are told apart. */
const units = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 } as const;

export type Precision = 'ns' | keyof typeof units;

/** How the two versions of the API spell them; InfluxDB 1 knows minutes and hours too. */
const spellings: Readonly<Record<string, Precision>> = {
  n: 'ns',
  ns: 'ns',
  u: 'us',
  us: 'us',
  µ: 'us',
  ms: 'ms',
  s: 's',
  m: 'm',
  h: 'h',
};

/** The precision that a request asks for: nanoseconds unless it says so; `undefined` for none that there is. */
export function readPrecision(spelled: string | undefined): Precision | undefined {
  if (spelled === undefined || spelled === '') return 'ns';
  return Object.hasOwn(spellings, spelled) ? spellings[spelled] : undefined;
}

/** A time in digits as microseconds since 1970 UTC; what is finer than that is cut off. */
export function microsecondsOf(digits: string, precision: Precision): number {
  if (precision !== 'ns') return Number(digits) * units[precision];
  // Nineteen digits are more than a double holds, and three of them are not wanted.
  return digits.length > 3 ? Number(digits.slice(0, -3)) : 0;
}
