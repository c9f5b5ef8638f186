import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, onTestFinished } from 'vitest';

const mount = (size: string, path: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]).status === 0;
const unmount = (path: string) => spawnSync('umount', ['--lazy', path]);

const mayMount = (() => {
  const path = mkdtempSync(join(tmpdir(), 'hearth-disk-'));
  const isMounted = mount('1m', path);
  if (isMounted) unmount(path);
  rmSync(path, { recursive: true, force: true });
  return isMounted;
})();

/**
 * `it` for a test that fills a disk of its own. Where none may be mounted the test is skipped and
 * says so: that is a right of whoever runs it (root has it), not a program that could be installed.
 */
export const itOnSmallDisk: typeof it = mayMount
  ? it
  : (((name: string) =>
      it.skip(`${name} (skipped: no tmpfs may be mounted here; root may)`, () => {})) as typeof it);

/** A disk in memory. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  /** @param size as mount(8) takes it: `32m`. It is gone when the test has finished. */
  constructor(size: string) {
    this.path = mkdtempSync(join(tmpdir(), 'hearth-disk-'));
    this.#filler = join(this.path, 'filler');
    if (!mount(size, this.path)) throw new Error(`no tmpfs of ${size} could be mounted`);
    onTestFinished(() => {
      unmount(this.path);
      rmSync(this.path, { recursive: true, force: true });
    });
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes all room but so many bytes. */
  fill(leftBytes: number): void {
    rmSync(this.#filler, { force: true });
    writeFileSync(this.#filler, Buffer.alloc(Math.max(0, this.freeBytes - leftBytes)));
  }

  /** Gives back what was taken. */
  clear(): void {
    rmSync(this.#filler, { force: true });
  }
}
