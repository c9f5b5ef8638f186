import type { Db } from '#db';

/** The one row of telemetry in hearth.db: how far the journal is known to have come. */
export class HighWaterMark {
  readonly #db: Db;
  #saved = 0;

  constructor(db: Db) {
    this.#db = db;
  }

  read(): number {
    const row = this.#db.prepare('SELECT committed_seq FROM telemetry_mark WHERE one = 1').get() as
      | { committed_seq: number }
      | undefined;
    this.#saved = row?.committed_seq ?? 0;
    return this.#saved;
  }

  raise(committedSeq: number): void {
    if (committedSeq <= this.#saved) return;
    this.#db.prepare('UPDATE telemetry_mark SET committed_seq = ? WHERE one = 1').run(committedSeq);
    this.#saved = committedSeq;
  }
}
