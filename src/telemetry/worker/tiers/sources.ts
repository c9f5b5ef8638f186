import type { Files } from '../files.ts';
import type { Extent, FileEntry, Manifest } from '../manifest.ts';
import type { Stretch } from './days.ts';
import type { FileContent } from './tier-file.ts';
import type { Tier } from './tiers.ts';

/** A file with what it holds of each series. */
export interface Source {
  readonly file: FileEntry;
  readonly path: string;
  readonly extents: readonly Extent[];
}

/** A file that a pass needs is not what was written. */
export class DamagedFile extends Error {
  readonly file: FileEntry;
  readonly damage: string;

  constructor(file: FileEntry, damage: string) {
    super(`${file.name} ${damage}`);
    this.file = file;
    this.damage = damage;
  }
}

/** The files that a pass comes from. */
export class Sources {
  readonly #files: Files;
  readonly #manifest: Manifest;
  readonly #listed = new Map<Tier, readonly FileEntry[]>();
  readonly #sound = new Set<string>();

  constructor({ files, manifest }: { readonly files: Files; readonly manifest: Manifest }) {
    this.#files = files;
    this.#manifest = manifest;
  }

  /** The files that stand for a day in a tier, in order of arrival. */
  filesOf(tier: Tier, day: Stretch): FileEntry[] {
    return this.files(tier).filter(
      ({ fromUs, untilUs }) => (fromUs ?? 0) <= day.fromUs && day.fromUs < (untilUs ?? 0),
    );
  }

  /** What was listed when this pass came to it; whether that still holds is looked at in the end. */
  files(tier: Tier): readonly FileEntry[] {
    const files = this.#listed.get(tier) ?? this.#manifest.files(tier);
    this.#listed.set(tier, files);
    return files;
  }

  /** Files of a tier, each read against its checksum once. @throws DamagedFile */
  async sound(files: readonly FileEntry[]): Promise<Source[]> {
    for (const file of files) {
      if (this.#sound.has(file.name)) continue;
      const damage = await this.#files.damageLater(file);
      if (damage !== undefined) throw new DamagedFile(file, damage);
      this.#sound.add(file.name);
    }
    return files.map((file) => this.of(file));
  }

  of(file: FileEntry): Source {
    const path = this.#files.pathOf(file.name);
    return { file, path, extents: this.#manifest.extentsIn(file.name) };
  }
}

/** The arrivals that a file stands for: those of the files that it comes from. */
export const arrivalsOf = (
  files: readonly FileEntry[],
): Pick<FileContent, 'firstSeq' | 'lastSeq' | 'receivedUs'> => ({
  firstSeq: files.reduce((least, one) => Math.min(least, one.firstSeq), Number.MAX_SAFE_INTEGER),
  lastSeq: files.reduce((most, one) => Math.max(most, one.lastSeq), 0),
  receivedUs: files.reduce((most, one) => Math.max(most, one.receivedUs), 0),
});

export const isWithin = (us: number | null, { fromUs, untilUs }: Stretch): boolean =>
  us !== null && us >= fromUs && us < untilUs;

export const overlaps = (extent: Pick<Extent, 'oldestUs' | 'newestUs'>, day: Stretch): boolean =>
  extent.newestUs >= day.fromUs && extent.oldestUs < day.untilUs;
