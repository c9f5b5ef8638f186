import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Log, messageOf } from '#kernel';

export interface DashboardBuildOptions {
  /** The folder that has `web/` and `node_modules/`. */
  readonly root: string;
  readonly log: Log;
  readonly clock: Clock;
}

export type BuildResult = 'fresh' | 'built' | 'failed';

/** Beside what it vouches for: the hash of the sources that `web/dist` was built from. */
const stampName = '.sources';
const notSources = new Set(['dist', 'node_modules']);
const keptOutput = 4000;

/**
 * Builds the dashboard when its sources are not those it was built from: beside the running hub, in
 * a process of its own that everything else goes before. A build is put in place only when it is
 * whole, so that the old dashboard is there until the new one is.
 */
export class DashboardBuild {
  readonly #options: DashboardBuildOptions;
  #child: ChildProcess | undefined;
  #stopped = false;

  constructor(options: DashboardBuildOptions) {
    this.#options = options;
  }

  /** Begins; how it ends is in the log, and in the result for whoever waits for it. */
  async start(): Promise<BuildResult> {
    const { root, log, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    try {
      const sources = await readSources(join(root, 'web'));
      if (sources === undefined || (await isBuiltFrom(sources, root))) return 'fresh';
      log.info('building the dashboard');
      await this.#build(sources.hash);
      log.info({ ms: Math.round(clock.monotonicMs() - beganMs) }, 'the dashboard is built');
      return 'built';
    } catch (error) {
      if (!this.#stopped) log.warn({ reason: messageOf(error) }, 'the dashboard was not built');
      return 'failed';
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#child?.kill();
  }

  async #build(sources: string): Promise<void> {
    const { root } = this.#options;
    const cache = join(root, 'node_modules/.cache/hearth');
    await mkdir(cache, { recursive: true });
    const staging = await mkdtemp(join(cache, 'dashboard-'));
    try {
      const next = join(staging, 'next');
      await this.#vite(next);
      await writeFile(join(next, stampName), sources);
      const dist = join(root, 'web/dist');
      await rename(dist, join(staging, 'last')).catch(ignoreMissing);
      await rename(next, dist);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  async #vite(outDir: string): Promise<void> {
    const { root } = this.#options;
    if (this.#stopped) throw new Error('stopped');
    const child = spawn(
      process.execPath,
      [
        join(root, 'node_modules/vite/bin/vite.js'),
        'build',
        ...['--config', join(root, 'web/vite.config.ts')],
        ...['--outDir', outDir, '--emptyOutDir'],
        ...['--logLevel', 'warn'],
      ],
      {
        cwd: root,
        // Whatever the hub runs as, a test included: else the bundle is one for developers.
        env: { ...process.env, NODE_ENV: 'production' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#child = child;
    yieldToOthers(child.pid);
    let complaint = '';
    child.stderr.on('data', (part) => {
      complaint = (complaint + part).slice(-keptOutput);
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(complaint.trim() || `vite ended with ${code}`);
  }
}

interface Sources {
  readonly hash: string;
  readonly newestMs: number;
}

/** What the dashboard would be built from; undefined where it comes built, as in a package. */
async function readSources(web: string): Promise<Sources | undefined> {
  if (!existsSync(join(web, 'vite.config.ts'))) return undefined;
  const hash = createHash('sha256');
  let newestMs = 0;
  for (const path of await filesUnder(web)) {
    hash.update(`${path}\0`).update(await readFile(join(web, path)));
    newestMs = Math.max(newestMs, (await stat(join(web, path))).mtimeMs);
  }
  return { hash: hash.digest('hex'), newestMs };
}

/** By the stamp; without one (`npm run build:web` leaves none) by which is newer. */
async function isBuiltFrom(sources: Sources, root: string): Promise<boolean> {
  const dist = join(root, 'web/dist');
  try {
    return (await readFile(join(dist, stampName), 'utf8')) === sources.hash;
  } catch {
    const built = await stat(join(dist, 'index.html')).catch(() => undefined);
    return built !== undefined && built.mtimeMs > sources.newestMs;
  }
}

async function filesUnder(directory: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter(({ name }) => !notSources.has(name))
      .map((entry) => {
        const path = join(below, entry.name);
        return entry.isDirectory() ? filesUnder(directory, path) : [path];
      }),
  );
  return files.flat().sort();
}

function yieldToOthers(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or priorities are not ours to set: it then builds like anyone else.
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
