import type { Db } from '#db';
import type { Manifest } from './manifest.ts';
import type { SeriesNames } from './series-names.ts';

const allTime = { startUs: 0, endUs: Number.MAX_SAFE_INTEGER };

interface Removal {
  readonly device: string;
  readonly series: readonly number[];
  /** The last batch that may hold readings of it: one was being gathered when it was removed. */
  readonly untilSeq: number;
}

/**
 * Removed devices whose readings are to be found no more: their series lose their names, and the
 * files lose the extents that a query would find them by. What the disk refuses is written with the
 * next batch or seal, so that a new device of the same name is never mixed up with the old one.
 */
export class Removals {
  readonly #db: Db;
  readonly #names: SeriesNames;
  readonly #manifest: Manifest;
  #unwritten: readonly Removal[] = [];

  constructor(db: Db, names: SeriesNames, manifest: Manifest) {
    this.#db = db;
    this.#names = names;
    this.#manifest = manifest;
  }

  /** Takes a removal in; one that is known already changes nothing. */
  add(removal: Removal): void {
    if (this.#names.forget(removal.series)) this.#unwritten = [...this.#unwritten, removal];
  }

  /** To be called within a transaction; `written` once that is on disk. */
  write(): void {
    for (const { device, series, untilSeq } of this.#unwritten) {
      for (const id of series) {
        this.#db.prepare('DELETE FROM series WHERE id = ?').run(id);
        this.#db
          .prepare('INSERT OR REPLACE INTO forgotten (series, until_seq) VALUES (?, ?)')
          .run(id, untilSeq);
      }
      this.#db.prepare('DELETE FROM deliveries WHERE device = ?').run(device);
      this.#manifest.forgetDevice(device);
      // The batch that was being gathered may hold a new device's readings too; of the old one's
      // there nothing is sealed.
      this.#manifest.addErasure({ ...allTime, device, metric: null, untilSeq: untilSeq - 1 });
    }
  }

  written(): void {
    if (this.#unwritten.length > 0) this.#unwritten = [];
  }

  /** Forgets what no batch after `lastSeq` can hold. To be called within a transaction. */
  prune(lastSeq: number): void {
    this.#db.prepare('DELETE FROM forgotten WHERE until_seq <= ?').run(lastSeq);
  }
}
