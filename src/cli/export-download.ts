import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { HearthError } from '#kernel';
import type { ExportFolder } from '#telemetry';
import type { ExportJob } from './export.ts';
import type { Hub } from './hub.ts';

const manifestName = '_manifest.json';

/**
 * Fetches the files of a job to a folder, in the place of those of an earlier export; the hub then
 * forgets them. @throws HearthError `unavailable` when not all of them arrive.
 */
export async function downloadExport(
  hub: Hub,
  job: ExportJob,
  folder: ExportFolder,
): Promise<void> {
  await folder.claim();
  try {
    for (const file of job.files) await fetchFile(hub, job, folder, file.name, file.bytes);
    await fetchFile(hub, job, folder, manifestName);
    const manifest = JSON.parse(await readFile(folder.placeOf(manifestName), 'utf8'));
    await folder.publish(job.files, manifest);
  } catch (error) {
    await folder.abandon();
    throw error;
  } finally {
    await hub.delete(`/exports/${job.id}`).catch(() => {});
  }
}

async function fetchFile(
  hub: Hub,
  { id }: ExportJob,
  folder: ExportFolder,
  name: string,
  size?: number,
): Promise<void> {
  const path = folder.placeOf(name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { body } = await hub.stream(`/exports/${id}/files/${encodeURIComponent(name)}`);
  await pipeline(
    Readable.fromWeb(body as ReadableStream<Uint8Array>),
    createWriteStream(path, { mode: 0o600 }),
  );
  const arrived = (await stat(path)).size;
  if (size !== undefined && arrived !== size) {
    throw new HearthError(
      'unavailable',
      `${name} did not arrive whole: ${arrived} of ${size} bytes`,
      {
        hint: 'Nothing is written. Try again.',
      },
    );
  }
}
