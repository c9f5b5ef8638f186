import { isIP, SocketAddress } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { HearthError } from '#kernel';

/** More names than a home has; a bound on what ends up in every TLS handshake. */
const maxNames = 100;

/** Letters, digits, `-`, `_` and dots, with `*` as the first label only (RFC 9525 §6.3). */
const hostNamePattern =
  /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/**
 * What this machine is called now: its host name, the same under `.local` (mDNS, RFC 6762 §3),
 * `localhost`, the loopback addresses and each address of each interface that is up. Link-local
 * IPv6 is left out: it means nothing without a zone, and a certificate cannot name a zone.
 */
export function localNames(): string[] {
  const host = hostname();
  const addresses = Object.values(networkInterfaces())
    .flatMap((interfaceAddresses) => interfaceAddresses ?? [])
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address);
  return [
    host,
    host.includes('.') ? host : `${host}.local`,
    'localhost',
    '127.0.0.1',
    '::1',
    ...addresses,
  ];
}

/** Names in one spelling, each once, in the order given; what no certificate can carry is left out. */
export function canonicalNames(names: readonly string[]): string[] {
  const canonical = names.map(canonicalName).filter((name) => name !== undefined);
  return [...new Set(canonical)].slice(0, maxNames);
}

/** @throws HearthError `bad_config` naming the first of `names` that is no host name or address. */
export function requireNames(names: readonly string[]): void {
  const bad = names.find((name) => canonicalName(name) === undefined);
  if (bad === undefined) return;
  throw new HearthError('bad_config', `https.names has "${bad.slice(0, 60)}"`, {
    field: 'https.names',
    hint: 'Write host names and IP addresses, without scheme or port: hub.example.org, 192.168.1.5.',
  });
}

/** Whether two lists, both canonical, name the same things in whatever order. */
export const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name) => right.includes(name));

function canonicalName(name: string): string | undefined {
  const lower = name.trim().toLowerCase();
  if (isIP(lower) === 4) return lower;
  if (isIP(lower) === 6 && !lower.includes('%'))
    return new SocketAddress({ address: lower, family: 'ipv6' }).address;
  return lower.length <= 253 && hostNamePattern.test(lower) ? lower : undefined;
}
