import { parse } from 'hono/utils/cookie';
import { sessionCookieAt } from './cookies.ts';

/** Longer than any of ours; what is longer is not looked up. */
const maxValueLength = 2048;

interface Presented {
  readonly value: string;
  readonly by: 'bearer' | 'cookie';
}

/** The secret that a request shows, and whether a program or a browser shows it. */
export function presentedBy(headers: Headers, isTls: boolean): Presented | undefined {
  const cookie = sessionCookieAt(isTls);
  const authorization = headers.get('authorization');
  const value =
    authorization === null
      ? parse(headers.get('cookie') ?? '', cookie)[cookie]
      : // RFC 9110 §11.1: the name of a scheme has no case. Clients of InfluxDB call theirs Token.
        /^(?:bearer|token) +([^\s]+)$/i.exec(authorization.trim())?.[1];
  if (value === undefined || value === '' || value.length > maxValueLength) return undefined;
  return { value, by: authorization === null ? 'cookie' : 'bearer' };
}
