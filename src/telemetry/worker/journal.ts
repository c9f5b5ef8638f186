import type { Statement } from 'better-sqlite3';
import type { Db } from '#db';
import { deliveryWidth, type Series } from '../batch.ts';
import { DeliveryWindow, deliveriesPerDevice } from '../deliveries.ts';
import { type Points, pointsIn } from '../points.ts';
import { type BatchBody, checksumOf, decodeBatch, encodeBatch } from './codec.ts';
import type { CommitMessage, DeviceDeliveries } from './protocol.ts';
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
  #deliveries = new Map<string, DeliveryWindow<number>>();
  #lastSeq = 0;

  constructor(db: Db, names: SeriesNames) {
    this.#db = db;
    this.#names = names;
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
      this.saveSeries(message.series);
      this.#insertBatch.run(seq, points.count, message.receivedUs, checksumOf(body), body);
    })();
    this.#lastSeq = seq;
    for (const series of message.series) this.#names.add(series);
    this.remember(message.deliveries, seq);
    return { seq, points };
  }

  saveSeries(series: readonly Series[]): void {
    for (const { id, device, metric } of series) this.#insertSeries.run(id, device, metric);
  }

  /** Every batch on disk, oldest first. A damaged one comes without its body. */
  *batches(): Iterable<JournalBatch> {
    const read = this.#db.prepare('SELECT * FROM batches WHERE seq > ? ORDER BY seq LIMIT 1');
    // One at a time, so that a large journal is never in memory as a whole.
    for (let seq = 0; ; ) {
      const row = read.get(seq) as BatchRow | undefined;
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
      let window = this.#deliveries.get(device);
      if (window === undefined) {
        window = new DeliveryWindow();
        this.#deliveries.set(device, window);
      }
      window.remember(
        { packetId: deliveries[at + 1] as number, fingerprint: deliveries[at + 2] as number },
        seq,
      );
    }
  }

  /** The last deliveries of every device, oldest first: those of sealed batches, then the rest. */
  deliveries(): DeviceDeliveries[] {
    const windows = new Map<string, DeliveryWindow<number>>();
    const windowOf = (device: string): DeliveryWindow<number> => {
      const window = windows.get(device) ?? new DeliveryWindow();
      windows.set(device, window);
      return window;
    };
    const rows = this.#db
      .prepare('SELECT device, packet_id, fingerprint, seq FROM deliveries ORDER BY seq')
      .all() as { device: string; packet_id: number; fingerprint: number; seq: number }[];
    for (const row of rows) {
      windowOf(row.device).remember(
        { packetId: row.packet_id, fingerprint: row.fingerprint },
        row.seq,
      );
    }
    for (const [device, window] of this.#deliveries) {
      for (const { outcome, ...delivery } of window.entries()) {
        windowOf(device).remember(delivery, outcome);
      }
    }
    return [...windows].map(([device, window]) => ({
      device,
      deliveries: [...window.entries()].map(({ packetId, fingerprint }) => ({
        packetId,
        fingerprint,
      })),
    }));
  }

  /**
   * Removes the batches up to `lastSeq`, which a sealed file now holds, and keeps their deliveries.
   * To be called inside the transaction that lists the file.
   */
  forgetUpTo(lastSeq: number): void {
    const save = this.#db.prepare(
      `INSERT OR REPLACE INTO deliveries (device, packet_id, fingerprint, seq) VALUES (?, ?, ?, ?)`,
    );
    const prune = this.#db.prepare(
      `DELETE FROM deliveries WHERE device = ? AND packet_id NOT IN
         (SELECT packet_id FROM deliveries WHERE device = ? ORDER BY seq DESC LIMIT ?)`,
    );
    for (const [device, window] of this.#deliveries) {
      for (const entry of window.entries()) {
        save.run(device, entry.packetId, entry.fingerprint, entry.outcome);
      }
      prune.run(device, device, deliveriesPerDevice);
    }
    this.#db.prepare('UPDATE progress SET sealed_seq = max(sealed_seq, ?)').run(lastSeq);
    this.#db.prepare('DELETE FROM batches WHERE seq <= ?').run(lastSeq);
    this.#db.prepare('DELETE FROM gaps WHERE last_seq <= ?').run(lastSeq);
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
    this.#deliveries = new Map();
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
