import { isIPv6 } from 'node:net';

/**
 * Whom an address stands for where tries are counted. Whoever has one IPv6 address has the 2^64 of
 * its network (RFC 4291 §2.5.4) to choose from, so the network counts; an IPv4 address counts by
 * itself, also where a socket for both families writes it `::ffff:192.0.2.1`.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return plain;
  // RFC 4291 §2.2: `::` stands once for as many zeros as are left out; an IPv4 tail for two groups.
  const [head = '', tail] = plain.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
