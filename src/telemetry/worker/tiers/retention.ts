import { KeptBy } from '../../retention/policy.ts';
import type { Going, RetentionPolicy, Shortened } from '../../retention/types.ts';
import type { Engine } from '../engine.ts';
import type { Reach } from '../fault-points.ts';
import type { Files } from '../files.ts';
import type { Extent, FileEntry, Manifest } from '../manifest.ts';
import type { Pins } from '../pins.ts';
import type { DiskSpace } from '../protocol.ts';
import type { Tail } from '../tail.ts';
import { filesToMakeRoom } from './free-space.ts';
import { removeDoomed, replaceFile, rewriteFile } from './rewrite.ts';
import { type Tier, tiers } from './tiers.ts';

const dayUs = 86_400e6;

export interface RetentionParts {
  readonly engine: Engine;
  readonly files: Files;
  readonly manifest: Manifest;
  readonly pins: Pins;
  readonly tail: Pick<Tail, 'generations'>;
  readonly reach: Reach;
  readonly note: (text: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A file of a tier, which compaction made: a sealed one never goes before it has been summed up. */
type TierFile = FileEntry & {
  readonly tier: Tier;
  readonly fromUs: number;
  readonly untilUs: number;
};

/** What of a file goes because of its age. */
interface Aged {
  readonly file: TierFile;
  readonly series: readonly Extent[];
  readonly isWhole: boolean;
}

/**
 * Lets go of what is past its time, and of the oldest when the disk is too full. What goes is a file
 * as a whole, or some series of it: then it is written anew without them.
 */
export class RetentionKeeper {
  readonly #parts: RetentionParts;
  #policy = '';
  #isApplying = false;
  /** Before this moment nothing of a file goes; found out once for each policy. */
  readonly #dueUs = new Map<string, number>();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Makes room; answers what went for it. */
  async makeRoom(space: DiskSpace, nowUs: number): Promise<Shortened | undefined> {
    const { engine, manifest, note } = this.#parts;
    if (space.freeBytes === undefined || space.freeBytes >= space.floorBytes) return undefined;
    // What went before and is still being read makes room later: nothing more goes for that.
    const freeBytes = space.freeBytes + manifest.doomedBytes();
    const chosen = filesToMakeRoom(tierFiles(manifest), { ...space, freeBytes }, nowUs);
    if (chosen.length === 0) return undefined;
    await engine.turn(() => this.#letGo(chosen.map(({ name }) => name)));
    const shortened = {
      tiers: tiers.filter((tier) => chosen.some((file) => file.tier === tier)),
      startUs: Math.min(...chosen.map((file) => file.fromUs)),
      endUs: Math.max(...chosen.map((file) => file.untilUs)),
      files: chosen.length,
      points: sum(chosen, 'points'),
      bytes: sum(chosen, 'bytes'),
    };
    note('the disk is too full', { ...space, ...shortened });
    return shortened;
  }

  /** Removes what is past retention; not while that is under way. */
  async apply(policy: RetentionPolicy, nowUs: number): Promise<void> {
    if (this.#isApplying) return;
    this.#isApplying = true;
    try {
      await this.#apply(policy, nowUs);
    } finally {
      this.#isApplying = false;
    }
  }

  async #apply(policy: RetentionPolicy, nowUs: number): Promise<void> {
    const { engine, manifest, note } = this.#parts;
    this.#learn(policy);
    const aged = this.#aged(new KeptBy(policy), nowUs);
    if (aged.length === 0) return;
    const whole = aged.filter(({ isWhole }) => isWhole).map(({ file }) => file.name);
    if (whole.length > 0) {
      await engine.turn(() => this.#letGo(whole));
      note('past retention', { files: whole.length });
    }
    for (const { file, series, isWhole } of aged) {
      if (!isWhole) await this.#shorten(file, series);
    }
    for (const name of this.#dueUs.keys()) {
      if (manifest.find(name) === undefined) this.#dueUs.delete(name);
    }
  }

  /** What would go now, and within so many days; soonest first. */
  preview(policy: RetentionPolicy, space: DiskSpace, nowUs: number, days: number): Going[] {
    const { manifest } = this.#parts;
    const keptBy = new KeptBy(policy);
    const files = tierFiles(manifest);
    const going = new Map<string, Going>();
    const gone = new Set<string>();
    const add = (file: TierFile, series: Extent, inDays: number, reason: Going['reason']): void => {
      gone.add(keyOf(file.name, series));
      const { device, metric } = series;
      const key = keyOf(`${inDays} ${reason} ${file.tier}`, series);
      const before = going.get(key);
      going.set(key, {
        inDays,
        reason,
        tier: file.tier,
        device,
        metric,
        startUs: Math.min(before?.startUs ?? series.oldestUs, series.oldestUs),
        endUs: Math.max(before?.endUs ?? series.newestUs, series.newestUs),
        points: (before?.points ?? 0) + series.points,
        bytes: (before?.bytes ?? 0) + bytesOf(file, series),
      });
    };
    let freed = 0;
    for (const file of files) {
      for (const series of manifest.extentsIn(file.name)) {
        const inDays = Math.max(0, Math.ceil((dueUs(file, series, keptBy) - nowUs) / dayUs));
        if (inDays > days) continue;
        add(file, series, inDays, 'age');
        if (inDays === 0) freed += bytesOf(file, series);
      }
    }
    const { freeBytes, floorBytes } = space;
    const left = freeBytes === undefined ? freeBytes : freeBytes + freed;
    for (const file of filesToMakeRoom(files, { freeBytes: left, floorBytes }, nowUs)) {
      for (const series of manifest.extentsIn(file.name)) {
        if (!gone.has(keyOf(file.name, series))) add(file, series, 0, 'disk');
      }
    }
    return [...going.values()].sort(bySoonest);
  }

  #learn(policy: RetentionPolicy): void {
    const spelled = JSON.stringify(policy);
    if (spelled === this.#policy) return;
    this.#policy = spelled;
    this.#dueUs.clear();
  }

  #aged(keptBy: KeptBy, nowUs: number): Aged[] {
    const { manifest } = this.#parts;
    const aged: Aged[] = [];
    for (const file of tierFiles(manifest)) {
      const earliestUs = ageUs(file) + keptBy.shortest(file.tier) * dayUs;
      if (nowUs < Math.max(earliestUs, this.#dueUs.get(file.name) ?? 0)) continue;
      const all = manifest.extentsIn(file.name);
      const series = all.filter((one) => dueUs(file, one, keptBy) <= nowUs);
      const later = all.map((one) => dueUs(file, one, keptBy)).filter((us) => us > nowUs);
      const isWhole = series.length === all.length;
      if (isWhole || series.length > 0) {
        if (!this.#isAwaited(file)) aged.push({ file, series, isWhole });
      } else this.#dueUs.set(file.name, Math.min(...later));
    }
    return aged;
  }

  /**
   * Whether readings of a day are still to be added to its file: those came before it was past its
   * time, and would be missing in the sums without the others.
   */
  #isAwaited(file: TierFile): boolean {
    if (file.tier !== 'raw') return false;
    const { manifest, tail } = this.#parts;
    const isOfDay = (one: { oldestUs: number; newestUs: number }): boolean =>
      one.newestUs >= file.fromUs && one.oldestUs < file.untilUs;
    const live = tail.generations.some(({ extents }) => extents.values().some(isOfDay));
    return live || manifest.awaitsCompaction(file);
  }

  /** Writes a file anew without some of its series. */
  async #shorten(file: TierFile, series: readonly Extent[]): Promise<void> {
    const { engine, manifest, reach, note } = this.#parts;
    await engine.background(async (connection) => {
      // Compaction may have taken it apart meanwhile; what it made is looked at next time.
      if (manifest.find(file.name) === undefined) return;
      const gone = new Set(series.map((one) => keyOf('', one)));
      const rewritten = await rewriteFile(connection, file, { series }, this.#parts);
      reach('retention.written');
      const extents = manifest.extentsIn(file.name).filter((one) => !gone.has(keyOf('', one)));
      await engine.turn(() => {
        replaceFile(file, rewritten.file, extents, this.#parts, () =>
          manifest.leaveGaps(file.name, series),
        );
        reach('retention.listed');
        removeDoomed(this.#parts);
        reach('retention.removed');
      });
      note('past retention', { file: file.name, series: series.length, points: rewritten.removed });
    });
  }

  /** Takes files out of every answer, then off the disk: never is an answer cut short. */
  #letGo(names: readonly string[]): void {
    const { manifest, reach } = this.#parts;
    manifest.doom(names);
    reach('retention.listed');
    removeDoomed(this.#parts);
    reach('retention.removed');
  }
}

const tierFiles = (manifest: Manifest): TierFile[] =>
  manifest
    .files()
    .filter((file): file is TierFile => file.tier !== 'sealed' && file.untilUs !== null);

/** What came late is kept from its receipt on, as fresh readings are: an import stays as long. */
const ageUs = (file: TierFile): number => Math.max(file.untilUs, file.receivedUs);

const dueUs = (file: TierFile, { device, metric }: Extent, keptBy: KeptBy): number =>
  ageUs(file) + keptBy.of(device, metric)[file.tier] * dayUs;

const bytesOf = (file: TierFile, series: Extent): number =>
  Math.round((file.bytes * series.points) / Math.max(1, file.points));

const keyOf = (what: string, { device, metric }: Extent): string => `${what}\n${device}\n${metric}`;

const sum = (files: readonly TierFile[], what: 'points' | 'bytes'): number =>
  files.reduce((total, file) => total + file[what], 0);

const bySoonest = (a: Going, b: Going): number =>
  a.inDays - b.inDays ||
  tiers.indexOf(a.tier) - tiers.indexOf(b.tier) ||
  compare(a.device, b.device) ||
  compare(a.metric, b.metric);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
