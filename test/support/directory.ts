import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A fresh directory that is removed when the test has finished. A concurrent test hands in its own
 * `onTestFinished`: vitest's global one cannot tell which of them is meant.
 */
export async function temporaryDirectory(whenFinished = onTestFinished): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hearth-'));
  whenFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
