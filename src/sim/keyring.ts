import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceCredentials } from './device.ts';
import type { Member } from './presets.ts';
import type { HubKeys } from './signature.ts';

/** Has the hub know the device and sign a certificate for it. Called for a device it already knows too. */
export type Issue = (member: Member) => Promise<DeviceCredentials>;

const files = { caPem: 'ca.crt', certificatePem: 'device.crt', keyPem: 'device.key' } as const;

/** The keys of simulated devices, kept from run to run, each in a folder only its owner can open. */
export class Keyring {
  readonly #directory: string;
  readonly #issue: Issue;
  readonly #hubKeys: HubKeys | undefined;

  /** @param hubKeys what the hub signs with as of now; a kept copy would outlive a reset. */
  constructor(directory: string, issue: Issue, hubKeys?: HubKeys) {
    this.#directory = directory;
    this.#issue = issue;
    this.#hubKeys = hubKeys;
  }

  /** What an earlier run kept, or a new certificate where there is none that is still valid. */
  async credentialsOf(member: Member, nowMs: number): Promise<DeviceCredentials> {
    const kept = await this.#read(member.id);
    return kept && isValid(kept, nowMs) ? this.#withHubKeys(kept) : this.renew(member);
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
    return this.#withHubKeys(credentials);
  }

  /** Ids of the devices that there are keys of. */
  async ids(): Promise<string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch(ifMissing([]));
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  /**
   * Whether the device that the hub made at `createdMs` is the one these keys are for: another may
   * have taken the id of one that was removed.
   */
  async made(id: string, createdMs: number): Promise<boolean> {
    const certificate = join(this.#directory, id, files.certificatePem);
    const kept = await stat(certificate).catch(ifMissing(undefined));
    return kept !== undefined && createdMs <= kept.mtimeMs;
  }

  /** Throws the keys of a device away. */
  async forget(id: string): Promise<void> {
    await rm(join(this.#directory, id), { recursive: true, force: true });
  }

  #withHubKeys(credentials: DeviceCredentials): DeviceCredentials {
    return this.#hubKeys ? { ...credentials, hubKeys: this.#hubKeys } : credentials;
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

const ifMissing =
  <Value>(value: Value) =>
  (error: NodeJS.ErrnoException): Value => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };

function isValid(credentials: DeviceCredentials, nowMs: number): boolean {
  try {
    return Date.parse(new X509Certificate(credentials.certificatePem).validTo) > nowMs;
  } catch {
    return false;
  }
}
