import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceCredentials } from './device.ts';
import type { Member } from './presets.ts';

/** Has the hub know the device and sign a certificate for it. Called for a device it already knows too. */
export type Issue = (member: Member) => Promise<DeviceCredentials>;

const files = { caPem: 'ca.crt', certificatePem: 'device.crt', keyPem: 'device.key' } as const;

/** The keys of simulated devices, kept from run to run, each in a folder only its owner can open. */
export class Keyring {
  readonly #directory: string;
  readonly #issue: Issue;

  constructor(directory: string, issue: Issue) {
    this.#directory = directory;
    this.#issue = issue;
  }

  /** What an earlier run kept, or a new certificate where there is none that is still valid. */
  async credentialsOf(member: Member, nowMs: number): Promise<DeviceCredentials> {
    const kept = await this.#read(member.id);
    return kept && isValid(kept, nowMs) ? kept : this.renew(member);
  }

  /** A new certificate; for a device whose last one the hub no longer takes. */
  async renew(member: Member): Promise<DeviceCredentials> {
    const credentials = await this.#issue(member);
    const directory = join(this.#directory, member.id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const [part, name] of Object.entries(files)) {
      const pem = credentials[part as keyof typeof files];
      await writeFile(join(directory, name), pem, { mode: 0o600 });
    }
    return credentials;
  }

  async #read(id: string): Promise<DeviceCredentials | undefined> {
    const read = (name: string) => readFile(join(this.#directory, id, name), 'utf8');
    try {
      const [caPem, certificatePem, keyPem] = await Promise.all([
        read(files.caPem),
        read(files.certificatePem),
        read(files.keyPem),
      ]);
      return { caPem, certificatePem, keyPem };
    } catch {
      // Missing or half-written: the hub issues another, which replaces it.
      return undefined;
    }
  }
}

function isValid(credentials: DeviceCredentials, nowMs: number): boolean {
  try {
    return Date.parse(new X509Certificate(credentials.certificatePem).validTo) > nowMs;
  } catch {
    return false;
  }
}
