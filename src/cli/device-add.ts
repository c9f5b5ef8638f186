import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { HearthError, messageOf } from '#kernel';
import { type Device, devicePath } from './device.ts';
import {
  type IssuedCertificate,
  isOccupied,
  type Publisher,
  publishLine,
  refuseToOverwrite,
  writeDeviceFiles,
} from './device-files.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { mqttsPort } from './mqtts-port.ts';
import { findRoom } from './room.ts';
import { list } from './table.ts';

interface CertificateOptions {
  readonly csr?: string;
  readonly out?: string;
}

interface AddOptions extends CertificateOptions {
  readonly name?: string;
  readonly type?: string;
  readonly room?: string;
}

interface Added {
  readonly device: Device;
  readonly api_key: string;
}

/** Digits of a serial that tell the folders of one device apart. */
const shortSerial = 8;

interface Provision extends IssuedCertificate {
  readonly port: number;
}

/** Adds a device and writes what it needs to connect. All of it, or nothing. */
export async function addDevice(at: Invocation, id: string, options: AddOptions): Promise<void> {
  const directory = at.path(options.out ?? id);
  const csrPem = await readRequest(at, options.csr);
  const { added, issued } = await withHub(
    at,
    async (hub) => {
      // Whether the device exists is said first: the way out of it is another than a folder's.
      await refuseKnown(hub, id);
      refuseToOverwrite(directory);
      const { name, type } = options;
      const room = options.room && (await findRoom(hub, options.room)).id;
      const wanted = Object.entries({ id, name, type, room }).filter(([, value]) => value);
      const added = await hub.post<Added>('/devices', Object.fromEntries(wanted));
      try {
        return { added, issued: await issue(hub, at, id, csrPem) };
      } catch (error) {
        // A device without the certificate it was added for would be in the way of the next try.
        await hub.delete(devicePath(id));
        throw error;
      }
    },
    { create: true },
  );
  const publisher = publisherOf(added.device, issued);
  const files = await writeDeviceFiles(directory, publisher, issued);
  show(at, `${id} is added.`, { directory, files, issued, publisher, added });
}

/**
 * Issues another certificate for a device that is already there: into a folder named after both where
 * the one of the device holds its last.
 */
export async function certifyDevice(
  at: Invocation,
  id: string,
  options: CertificateOptions,
): Promise<void> {
  if (options.out !== undefined) refuseToOverwrite(at.path(options.out));
  const csrPem = await readRequest(at, options.csr);
  const { device, issued } = await withHub(at, async (hub) => ({
    device: await hub.get<Device>(devicePath(id)),
    issued: await issue(hub, at, id, csrPem),
  }));
  const next = isOccupied(at.path(id)) ? `${id}-${issued.serial.slice(0, shortSerial)}` : id;
  const directory = at.path(options.out ?? next);
  const publisher = publisherOf(device, issued);
  const files = await writeDeviceFiles(directory, publisher, issued);
  show(at, `${id} has a new certificate.`, { directory, files, issued, publisher });
}

async function issue(
  hub: Hub,
  at: Invocation,
  id: string,
  csr: string | undefined,
): Promise<Provision> {
  const body = csr === undefined ? {} : { csr };
  const issued = await hub.post<IssuedCertificate>(`${devicePath(id)}/certificates`, body);
  return { ...issued, port: await mqttsPort(hub, at) };
}

const publisherOf = ({ id, type }: Device, { key, port }: Provision): Publisher => ({
  id,
  type,
  port,
  ownKey: key === undefined,
});

interface Outcome {
  readonly directory: string;
  readonly files: readonly string[];
  readonly issued: Provision;
  readonly publisher: Publisher;
  readonly added?: Added;
}

function show(at: Invocation, headline: string, outcome: Outcome): void {
  const { directory, files, added, publisher } = outcome;
  const { serial, not_after } = outcome.issued;
  const command = publishLine(publisher, relative(at.around.workingDirectory, directory));
  const facts = { serial, not_after, directory, files, command };
  at.answer({ ...added, ...facts }, () =>
    [
      headline,
      '',
      list({
        ...(added ? { 'API key': `${added.api_key} (shown this once)` } : {}),
        folder: directory,
        files,
        certificate: `${serial}, valid until ${not_after}`,
      }),
      '',
      publisher.ownKey
        ? 'Try it, with the file of the key that you made the request with:'
        : 'Try it:',
      command,
    ].join('\n'),
  );
}

async function readRequest(at: Invocation, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(at.path(path), 'utf8');
  } catch (cause) {
    throw new HearthError('not_found', `the request cannot be read: ${messageOf(cause)}`, {
      field: '--csr',
      hint: 'Make one: openssl req -new -key device.key -subj /CN=plug-1 -out plug-1.csr',
      cause,
    });
  }
}

/** @throws HearthError `conflict` when there is such a device. */
async function refuseKnown(hub: Hub, id: string): Promise<void> {
  // What else is wrong with an id, the hub says when it is to make the device.
  const known = await hub.get<Device>(devicePath(id)).catch(() => undefined);
  if (known?.id !== id) return;
  throw new HearthError('conflict', `there is a device ${id} already`, {
    hint: `For another certificate: hearth device certificate ${id}.`,
  });
}
