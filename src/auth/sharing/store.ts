import type { Db } from '#db';
import type { ShareAccess } from '../sight.ts';
import type { Share } from './types.ts';

interface Row {
  readonly id: string;
  readonly person_id: string;
  readonly device_id: string | null;
  readonly room: string | null;
  readonly access: ShareAccess;
  readonly until_ms: number | null;
  readonly given_by: string;
  readonly created_at_ms: number;
}

/** The table `shares`. Those of a person, device or room that goes are gone by themselves. */
export class ShareStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#db.transaction(work)();
  }

  /** In the order in which they were given. */
  all(): Share[] {
    return this.#db.prepare<[], Row>('SELECT * FROM shares ORDER BY id').all().map(shareOf);
  }

  insert({ id, personId, target, access, untilMs, givenBy, createdAtMs }: Share): void {
    this.#db
      .prepare(
        `INSERT INTO shares (id, person_id, device_id, room, access, until_ms, given_by, created_at_ms)
         VALUES (@id, @personId, @deviceId, @room, @access, @untilMs, @givenBy, @createdAtMs)`,
      )
      .run({
        id,
        personId,
        deviceId: target.kind === 'device' ? target.id : null,
        room: target.kind === 'room' ? target.id : null,
        access,
        untilMs: untilMs ?? null,
        givenBy,
        createdAtMs,
      });
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM shares WHERE id = ?').run(id);
  }
}

const shareOf = (row: Row): Share => ({
  id: row.id,
  personId: row.person_id,
  target:
    row.device_id === null
      ? { kind: 'room', id: row.room ?? '' }
      : { kind: 'device', id: row.device_id },
  access: row.access,
  untilMs: row.until_ms ?? undefined,
  givenBy: row.given_by,
  createdAtMs: row.created_at_ms,
});
