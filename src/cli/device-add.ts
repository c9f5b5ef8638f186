import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { HearthError, messageOf } from '#kernel';
import { type Device, devicePath } from './device.ts';
import {
  type IssuedCertificate,
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

interface Provision extends IssuedCertificate {
  readonly port: number;
}

/** Adds a device and writes what it needs to connect. All of it, or nothing. */
export async function addDevice(at: Invocation, id: string, options: AddOptions): Promise<void> {
  const directory = at.path(options.out ?? id);
  refuseToOverwrite(directory);
  const csrPem = await readRequest(at, options.csr);
  const { added, issued } = await withHub(
    at,
    async (hub) => {
      const { name, type } = options;
      const room = options.room && (await findRoom(hub, options.room)).id;
      const wanted = Object.entries({ id, name, type, room }).filter(([, value]) => value);
      const added = await hub
        .post<Added>('/devices', Object.fromEntries(wanted))
        .catch(pointToCertificate(id));
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
  const files = await writeDeviceFiles(directory, id, issued, issued.port);
  show(at, id, `${id} is added.`, { directory, files, issued, added });
}

/** Issues another certificate for a device that is already there. */
export async function certifyDevice(
  at: Invocation,
  id: string,
  options: CertificateOptions,
): Promise<void> {
  const directory = at.path(options.out ?? id);
  refuseToOverwrite(directory);
  const csrPem = await readRequest(at, options.csr);
  const issued = await withHub(at, (hub) => issue(hub, at, id, csrPem));
  const files = await writeDeviceFiles(directory, id, issued, issued.port);
  show(at, id, `${id} has a new certificate.`, { directory, files, issued });
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

interface Outcome {
  readonly directory: string;
  readonly files: readonly string[];
  readonly issued: Provision;
  readonly added?: Added;
}

function show(at: Invocation, id: string, headline: string, outcome: Outcome): void {
  const { directory, files, added } = outcome;
  const { serial, not_after, port } = outcome.issued;
  const command = publishLine(id, relative(at.around.workingDirectory, directory), port);
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
      'Try it:',
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

const pointToCertificate =
  (id: string) =>
  (error: unknown): never => {
    if (!(error instanceof HearthError) || error.code !== 'conflict') throw error;
    throw new HearthError('conflict', error.message, {
      hint: `For another certificate: hearth device certificate ${id}.`,
      cause: error,
    });
  };
