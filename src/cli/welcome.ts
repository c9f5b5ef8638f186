import { hostname, networkInterfaces } from 'node:os';
import type { OpenedHub } from './surroundings.ts';

export interface WelcomeFacts {
  /** Absolute path of the data directory. */
  readonly data: string;
  readonly ports: OpenedHub['addresses'];
  readonly lanAddress: string | undefined;
  readonly setupCode: string | undefined;
  readonly caFingerprint: string;
}

/** What a hub says when it is up: for a program as fields, for a person as `text`. */
export interface Welcome {
  readonly dashboard: string | undefined;
  readonly local: string | undefined;
  readonly setup_code: string | undefined;
  readonly ca_fingerprint: string;
  readonly data: string;
  readonly ports: Readonly<Record<string, number>>;
}

export function welcome(facts: WelcomeFacts): Welcome {
  const { ports } = facts;
  const host = facts.lanAddress ?? `${hostname()}.local`;
  return {
    dashboard: ports.https && `https://${host}:${ports.https.port}`,
    local: ports.http && `http://localhost:${ports.http.port}`,
    setup_code: facts.setupCode,
    ca_fingerprint: facts.caFingerprint,
    data: facts.data,
    ports: Object.fromEntries(
      Object.entries(ports).flatMap(([name, at]) => (at ? [[name, at.port]] : [])),
    ),
  };
}

/** The banner: where to go, what to type there, and what to compare before trusting it. */
export function banner(said: Welcome): string {
  const lines = [
    ['Dashboard', [said.dashboard, said.local].filter(Boolean).join('  or here  ')],
    ['Set-up code', said.setup_code ?? ''],
    ['CA SHA-256', said.ca_fingerprint],
    ['MQTT (TLS)', said.ports.mqtts === undefined ? '' : `port ${said.ports.mqtts}`],
    ['MQTT (plain)', said.ports.mqtt === undefined ? '' : `port ${said.ports.mqtt}`],
    ['Data', said.data],
  ].filter(([, value]) => value !== '');
  const shown = lines.map(([name = '', value]) => `  ${name.padEnd(14)}${value}`);
  return ['', 'Hearth is up.', '', ...shown, ''].join('\n');
}

/** The first address that others in the home can reach this machine by. */
export function lanAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
