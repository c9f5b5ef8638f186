import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HearthError, messageOf } from '#kernel';

/** What the hub answers to a request for a certificate; PEM throughout. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** Absent when the device made its own key. */
  readonly key?: string;
  readonly ca: string;
  readonly serial: string;
  readonly not_after: string;
}

const names = ['ca.crt', 'device.crt', 'device.key', 'README'] as const;

const occupant = (directory: string): string | undefined =>
  names.find((name) => existsSync(join(directory, name)));

/** Whether the folder has files of a device in it. */
export const isOccupied = (directory: string): boolean => occupant(directory) !== undefined;

/**
 * Makes sure, before anything is issued, that no file would be overwritten: a key that is lost this
 * way cannot be made again.
 * @throws HearthError `conflict`.
 */
export function refuseToOverwrite(directory: string): void {
  const there = occupant(directory);
  if (there === undefined) return;
  throw new HearthError('conflict', `${join(directory, there)} is already there`, {
    hint: 'Choose another folder with --out, or move that one away.',
  });
}

/** Writes the files of a device; the key so that only its owner can read it. @returns their names. */
export async function writeDeviceFiles(
  directory: string,
  publisher: Publisher,
  issued: IssuedCertificate,
): Promise<string[]> {
  const contents: Partial<Record<(typeof names)[number], string>> = {
    'ca.crt': issued.ca,
    'device.crt': issued.certificate,
    ...(issued.key === undefined ? {} : { 'device.key': issued.key }),
    README: readme(publisher, issued),
  };
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(contents)) {
      const mode = name === 'device.key' ? 0o600 : 0o644;
      await writeFile(join(directory, name), text, { mode, flag: 'wx' });
    }
  } catch (cause) {
    throw new HearthError('data_directory', `${directory}: ${messageOf(cause)}`, {
      hint: `Mend that, then: hearth device certificate ${publisher.id} --out DIR.`,
      cause,
    });
  }
  return Object.keys(contents);
}

export interface Publisher {
  readonly id: string;
  readonly type: string;
  /** Where the hub takes MQTT over TLS. */
  readonly port: number;
  /** Whether the device made its own key, which is then nowhere here. */
  readonly ownKey: boolean;
}

/** What a first reading could be, by the type of the device. */
const samples: Readonly<Record<string, object>> = {
  plug: { power: 60.5, voltage: 230.1, relay_state: true },
  purifier: { pm25: 12.4, fanSpeed: 2, powerOn: true },
  sensor: { temperature: 21.5, humidity: 48.2 },
};

/** The line that publishes a first reading, with the files in `directory`. */
export function publishLine({ id, type, port, ownKey }: Publisher, directory: string): string {
  const file = (name: string) => quoted(join(directory, name));
  const sample = JSON.stringify(samples[type] ?? { value: 1 });
  return [
    `mosquitto_pub -h localhost -p ${port}`,
    `--cafile ${file('ca.crt')} --cert ${file('device.crt')}`,
    `--key ${ownKey ? '<your key file>' : file('device.key')}`,
    `-i ${id} -q 1 -t devices/${id}/telemetry`,
    `-m '${sample.replaceAll(':', ': ').replaceAll(',', ', ')}'`,
  ].join(' ');
}

const readme = (publisher: Publisher, issued: IssuedCertificate): string => {
  const { id, ownKey } = publisher;
  return `${id}

ca.crt      what the device has to trust: the certificate authority of this hub
device.crt  who the device is; valid until ${issued.not_after}, serial ${issued.serial}
${ownKey ? 'The key is the one the device made for itself: put its file in place of <your key file> below.' : 'device.key  its private key: keep it on the device, and nowhere else'}

Publish a reading, in this folder, on the machine the hub runs on:

${publishLine(publisher, '')}

When mosquitto_pub returns, the reading is on disk. From another machine write ${hostname()}.local, or
the address of the hub, in place of localhost. TLS 1.3 is needed.

The device may publish to     devices/${id}/telemetry, devices/${id}/status, devices/${id}/ack
and may subscribe to          devices/${id}/command, devices/${id}/config
`;
};

/** A path as a shell takes it. */
const quoted = (path: string): string =>
  /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
