import type { SignInSession } from './people-wire.ts';

/** The first of these that a browser names itself by: others name those they come from too. */
const browsers: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bEdgi?A?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const systems: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

const nameIn = (list: typeof browsers, text: string): string | undefined =>
  list.find(([sign]) => sign.test(text))?.[1];

/** A browser as a person would call it: `Firefox on Linux`. */
export function browserWords(userAgent: string): string {
  const browser = nameIn(browsers, userAgent);
  const system = nameIn(systems, userAgent);
  if (browser && system) return `${browser} on ${system}`;
  const [program = ''] = userAgent.split(/[\s/]/, 1);
  return browser ?? (program === '' || program === 'Mozilla' ? 'A browser' : program);
}

const methods: Readonly<Record<SignInSession['method'], string>> = {
  password: 'by password',
  passkey: 'by passkey',
  oidc: 'by your provider',
};

/** How somebody got in: `by passkey`. */
export const methodWords = (method: SignInSession['method']): string => methods[method] ?? '';
