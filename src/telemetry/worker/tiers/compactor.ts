import { messageOf, Zone } from '#kernel';
import type { Engine } from '../engine.ts';
import type { Change, FileEntry } from '../manifest.ts';
import type { Pins } from '../pins.ts';
import { type RecoveryParts, setTornFileAside } from '../recover.ts';
import { dayFor } from './days.ts';
import { Pass, type PassParts } from './pass.ts';
import { removeDoomed } from './rewrite.ts';
import { DamagedFile } from './sources.ts';

/** Sealed files that may wait for one another. */
export const mostSealed = 24;
/** How long after its end a day is left for readings that are under way. */
const graceUs = 3600e6;
/** Readings that one pass takes in, about. */
const mostPassPoints = 5_000_000;
/** Files that one pass takes in: each is open while it is read. */
const mostPassFiles = 100;
/** How often one pass is begun anew. */
const mostAttempts = 5;
const firstDelayUs = 60e6;
const longestDelayUs = 3600e6;

type Note = (
  level: 'info' | 'error',
  text: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface CompactorParts extends PassParts, Pick<RecoveryParts, 'report'> {
  readonly engine: Engine;
  readonly pins: Pins;
  readonly note: Note;
}

/**
 * Turns sealed files into days, and days into sums. It takes the oldest ones first, so that what is
 * still sealed has always arrived later than what is not.
 */
export class Compactor {
  readonly #parts: CompactorParts;
  #running: Promise<void> | undefined;
  readonly #zone: Zone;
  /** After a failure: how long to leave it, and until when. */
  #delayUs = 0;
  #notBeforeUs = 0;

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#zone = new Zone(parts.timeZone);
  }

  /** Compacts when it is time; a failure is noted, and tried again later and later. Never throws. */
  async tend(nowUs: number): Promise<void> {
    if (this.#running !== undefined || this.#isTooSoon(nowUs)) return;
    try {
      for (const dayFromUs of this.#parts.manifest.lostSums()) {
        await this.refresh(dayFromUs);
        this.#parts.manifest.foundSums(dayFromUs);
      }
      await this.removeDoomed();
      if (this.#dueFiles(nowUs).length === 0) return;
      await this.#alone(() => this.#run(() => this.#dueFiles(nowUs)));
      if (this.#delayUs > 0) this.#parts.note('info', 'compaction goes on', {});
      this.#delayUs = 0;
    } catch (error) {
      if (this.#parts.engine.isEnding) return;
      if (this.#delayUs === 0) {
        this.#parts.note('error', 'compaction failed; tried again later', {
          err: messageOf(error),
        });
      }
      const delayUs = Math.min(longestDelayUs, Math.max(firstDelayUs, this.#delayUs * 2));
      if (this.#delayUs < longestDelayUs && delayUs === longestDelayUs) this.#tellOwner(error);
      this.#delayUs = delayUs;
      this.#notBeforeUs = nowUs + delayUs;
    }
  }

  /** After a failure; not for longer than it said, where the clock was set back since. */
  #isTooSoon(nowUs: number): boolean {
    const waitUs = this.#notBeforeUs - nowUs;
    return waitUs > 0 && waitUs <= this.#delayUs;
  }

  /** It has failed for an hour: not something that passes by itself. */
  #tellOwner(error: unknown): void {
    const waiting = this.#parts.manifest.files('sealed').length;
    this.#parts.report(
      'compaction_failing',
      `readings are kept, and ${waiting} files wait to be made into days; it is tried again every hour (${messageOf(error).split('\n')[0]})`,
    );
  }

  /** Compacts everything that is sealed by now. @throws Error when DuckDB or the disk fails. */
  async compact(): Promise<void> {
    const lastSeq = this.#parts.manifest.files('sealed').at(-1)?.lastSeq ?? 0;
    await this.#alone(() =>
      this.#run(() => this.#parts.manifest.files('sealed').filter((one) => one.lastSeq <= lastSeq)),
    );
  }

  /**
   * Makes a day's sums anew from its readings: those of each series that has some. Not to be called
   * from within the background lane. @throws Error when DuckDB or the disk fails.
   */
  async refresh(dayFromUs: number): Promise<void> {
    const day = this.#parts.manifest.dayAt(dayFromUs);
    if (day === undefined) return;
    await this.#alone(() => this.#pass((pass) => pass.sumUp(day)));
  }

  /** One after the other. */
  async #alone(action: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => {});
    this.#running = action();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * The files to take, oldest first: all when there are too many, otherwise those up to the newest
   * that has readings of a day which is over.
   */
  #dueFiles(nowUs: number): FileEntry[] {
    const { manifest } = this.#parts;
    const sealed = manifest.files('sealed');
    if (sealed.length > mostSealed) return sealed;
    const last = sealed.findLastIndex(
      ({ oldestUs }) => dayFor(oldestUs, manifest, this.#zone).untilUs + graceUs <= nowUs,
    );
    return sealed.slice(0, last + 1);
  }

  /** Passes until nothing is left to take. */
  async #run(left: () => readonly FileEntry[]): Promise<void> {
    // What is to leave no trace goes first: it is known by the files that it may be in.
    while (this.#parts.manifest.erasures().length === 0) {
      const files = await this.#sound(left());
      if (files.length === 0) return;
      const startedMs = performance.now();
      await this.#pass((pass) => pass.takeApart(files));
      this.#parts.note('info', 'compacted', {
        files: files.length,
        points: files.reduce((sum, one) => sum + one.points, 0),
        ms: Math.round(performance.now() - startedMs),
      });
    }
  }

  /** The first of some files, as many as one pass takes; those that are damaged are set aside. */
  async #sound(files: readonly FileEntry[]): Promise<FileEntry[]> {
    const sound: FileEntry[] = [];
    let points = 0;
    for (const file of files) {
      if (
        sound.length > 0 &&
        (points + file.points > mostPassPoints || sound.length === mostPassFiles)
      )
        break;
      if (await this.#isSound(file)) {
        sound.push(file);
        points += file.points;
      }
    }
    return sound;
  }

  async #isSound(file: FileEntry): Promise<boolean> {
    const damage = await this.#parts.files.damageLater(file);
    if (damage !== undefined) await this.#setAside(file, damage);
    return damage === undefined;
  }

  #setAside(file: FileEntry, damage: string): Promise<void> {
    const { engine, manifest } = this.#parts;
    return engine.turn(() => {
      // Whoever asked for it meanwhile may have found it damaged too.
      if (manifest.find(file.name) !== undefined) setTornFileAside(file, damage, this.#parts);
    });
  }

  /** Makes a pass, once more where another's doing came between or a file was damaged. */
  async #pass(make: (pass: Pass) => Promise<Change>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#tryPass(make);
        return;
      } catch (error) {
        if (error instanceof DamagedFile) await this.#setAside(error.file, error.damage);
        else if (!(error instanceof ChangedMeanwhile)) throw error;
        if (attempt === mostAttempts) throw error;
      }
    }
  }

  async #tryPass(make: (pass: Pass) => Promise<Change>): Promise<void> {
    const { engine, manifest, reach } = this.#parts;
    await engine.background(async (connection) => {
      const pass = new Pass(connection, this.#parts);
      const { forgettings } = manifest;
      try {
        const change = await make(pass);
        await engine.turn(() => {
          const isListed = (name: string): boolean => manifest.find(name) !== undefined;
          const isSound = [...change.doomed, ...pass.besides].every(isListed);
          if (manifest.forgettings !== forgettings || !isSound) {
            throw new ChangedMeanwhile('what was to be compacted has changed meanwhile');
          }
          manifest.replace(change);
        });
      } catch (error) {
        await pass.discard();
        throw error;
      }
    });
    reach('compaction.listed');
    await this.removeDoomed();
    reach('compaction.removed');
  }

  /** Removes the files that nobody lists and nobody reads. */
  async removeDoomed(): Promise<void> {
    const { engine, manifest } = this.#parts;
    if (manifest.doomed().length > 0) await engine.turn(() => removeDoomed(this.#parts));
  }
}

class ChangedMeanwhile extends Error {}
