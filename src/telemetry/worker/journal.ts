import type { Statement } from 'better-sqlite3';
import type { Db } from '#db';
import { deliveryWidth, type Series } from '../batch.ts';
import { Deliveries, shareOf } from '../deliveries.ts';
import { type Points, pointsIn } from '../points.ts';
import { type BatchBody, checksumOf, decodeBatch, encodeBatch } from './codec.ts';
import type { Manifest } from './manifest.ts';
import type { CommitMessage, DeviceDeliveries } from './protocol.ts';
import { Removals } from './removals.ts';
import type { SeriesNames } from './series-names.ts';

interface BatchRow {
  readonly seq: number;
  readonly points: number;
  readonly received_us: number;
  readonly checksum: number;
  readonly body: Uint8Array;
}

/** A batch as it comes back from disk. */
export interface JournalBatch {
  readonly seq: number;
  readonly receivedUs: number;
  /** `undefined` when what is there is not what was written. */
  readonly body: BatchBody | undefined;
}

/**
 * The readings that are acknowledged and not yet sealed: a row a batch, safe once `commit` returns.
 * Beside them, what they cannot be understood without: the series, and the latest deliveries.
 */
export class Journal {
  readonly #db: Db;
  readonly #names: SeriesNames;
  readonly #insertBatch: Statement;
  readonly #insertSeries: Statement;
  /** The deliveries of the batches that are still in the journal. */
  readonly #deliveries = new Deliveries();
  readonly #removals: Removals;
  #lastSeq = 0;

  constructor(db: Db, names: SeriesNames, manifest: Manifest) {
    this.#db = db;
    this.#names = names;
    this.#removals = new Removals(db, names, manifest);
    this.#insertBatch = db.prepare(
      'INSERT INTO batches (seq, points, received_us, checksum, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#insertSeries = db.prepare(
      'INSERT OR IGNORE INTO series (id, device, metric) VALUES (?, ?, ?)',
    );
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Says where numbering goes on: above everything that was ever acknowledged. */
  continueAfter(seq: number): void {
    this.#lastSeq = seq;
  }

  /**
   * Writes a batch; it is on disk when this returns.
   * @throws SqliteError; the journal is then as it was before.
   */
  commit(message: CommitMessage): { readonly seq: number; readonly points: Points } {
    const points = pointsIn(message.buffer, message.capacity, message.count, message.texts);
    const body = encodeBatch({ points, deliveries: message.deliveries });
    const seq = this.#lastSeq + 1;
    this.#db.transaction(() => {
      this.#removals.write();
      this.saveSeries(message.series);
      this.#insertBatch.run(seq, points.count, message.receivedUs, checksumOf(body), body);
    })();
    this.#lastSeq = seq;
    this.#removals.written();
    for (const series of message.series) this.#names.add(series);
    this.remember(message.deliveries, seq);
    return { seq, points };
  }

  saveSeries(series: readonly Series[]): void {
    for (const { id, device, metric } of series) {
      if (!this.#names.isForgotten(id)) this.#insertSeries.run(id, device, metric);
    }
  }

  /** The batches on disk from one number to another, oldest first. A damaged one comes without its body. */
  *batches(firstSeq = 0, lastSeq = Number.MAX_SAFE_INTEGER): Iterable<JournalBatch> {
    const read = this.#db.prepare(
      'SELECT * FROM batches WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1',
    );
    // One at a time, so that a large journal is never in memory as a whole.
    for (let seq = firstSeq - 1; ; ) {
      const row = read.get(seq, lastSeq) as BatchRow | undefined;
      if (row === undefined) return;
      seq = row.seq;
      yield { seq, receivedUs: row.received_us, body: bodyOf(row) };
    }
  }

  /** Takes in the deliveries of a batch: triples of series, packet identifier and fingerprint. */
  remember(deliveries: Float64Array, seq: number): void {
    for (let at = 0; at + deliveryWidth <= deliveries.length; at += deliveryWidth) {
      const device = this.#names.find(deliveries[at] as number)?.device;
      if (device === undefined) continue;
      const [packetId, fingerprint] = [deliveries[at + 1] as number, deliveries[at + 2] as number];
      this.#deliveries.of(device).remember(packetId, fingerprint, seq);
    }
  }

  /** The last deliveries of every device: those of sealed batches, and the journal's own. */
  deliveries(): DeviceDeliveries[] {
    const all = new Deliveries();
    const rows = this.#db
      .prepare('SELECT device, packet_id, fingerprint, seq FROM deliveries ORDER BY seq')
      .iterate() as Iterable<{
      device: string;
      packet_id: number;
      fingerprint: number;
      seq: number;
    }>;
    for (const row of rows) {
      all.of(row.device).remember(row.packet_id, row.fingerprint, row.seq);
    }
    for (const [device, window] of this.#deliveries) {
      const target = all.of(device);
      window.visitAll((packetId, fingerprint, seq) => target.remember(packetId, fingerprint, seq));
    }
    return [...all].map(([device, window]) => {
      const pairs: number[] = [];
      window.visitAll((packetId, fingerprint) => pairs.push(packetId, fingerprint));
      return { device, deliveries: Float64Array.from(pairs) };
    });
  }

  /**
   * Removes the batches up to `lastSeq`, which a sealed file now holds, and keeps their deliveries.
   * To be called inside the transaction that lists the file.
   */
  forgetUpTo(lastSeq: number): void {
    this.#removals.write();
    const save = this.#db.prepare(
      `INSERT OR REPLACE INTO deliveries (device, packet_id, fingerprint, seq) VALUES (?, ?, ?, ?)`,
    );
    const count = this.#db.prepare('SELECT count(*) AS count FROM deliveries WHERE device = ?');
    const prune = this.#db.prepare(
      `DELETE FROM deliveries WHERE device = ? AND packet_id NOT IN
         (SELECT packet_id FROM deliveries WHERE device = ? ORDER BY seq DESC LIMIT ?)`,
    );
    const share = shareOf(this.#names.devices);
    for (const [device, window] of this.#deliveries) {
      window.visitAll((packetId, fingerprint, seq) => save.run(device, packetId, fingerprint, seq));
      const held = count.get(device) as { count: number };
      if (held.count > share) prune.run(device, device, share);
    }
    this.#db.prepare('UPDATE progress SET sealed_seq = max(sealed_seq, ?)').run(lastSeq);
    this.#db.prepare('DELETE FROM batches WHERE seq <= ?').run(lastSeq);
    this.#db.prepare('DELETE FROM gaps WHERE last_seq <= ?').run(lastSeq);
    this.#removals.prune(lastSeq);
  }

  /** Makes a removed device's readings unfindable, and those of its that are yet to come. */
  forgetDevice(device: string, series: readonly number[]): void {
    this.#removals.add({ device, series, untilSeq: this.#lastSeq + 1 });
    this.#deliveries.forget(device);
    this.#db.transaction(() => this.#removals.write())();
    this.#removals.written();
  }

  /** Up to where batches have left the journal for a sealed file. */
  sealedSeq(): number {
    const row = this.#db.prepare('SELECT max(sealed_seq) AS seq FROM progress').get() as {
      seq: number | null;
    };
    return row.seq ?? 0;
  }

  /** To be called once the transaction of `forgetUpTo` is on disk. */
  forgotten(): void {
    this.#removals.written();
    this.#deliveries.clear();
  }

  size(): { readonly batches: number; readonly bytes: number } {
    const pages = this.#db.pragma('page_count', { simple: true }) as number;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    const pageSize = this.#db.pragma('page_size', { simple: true }) as number;
    const row = this.#db.prepare('SELECT count(*) AS count FROM batches').get() as {
      count: number;
    };
    return { batches: row.count, bytes: (pages - free) * pageSize };
  }
}

function bodyOf(row: BatchRow): BatchBody | undefined {
  if (checksumOf(row.body) !== row.checksum) return undefined;
  try {
    const body = decodeBatch(row.body);
    return body.points.count === row.points ? body : undefined;
  } catch {
    return undefined;
  }
}
