import type { DuckDBConnection } from '@duckdb/node-api';
import type { Db } from '#db';
import { messageOf } from '#kernel';
import type { Sample, StorageIncident } from '../types.ts';
import { adoptNumbered, adoptSealed, describe, describeAgain } from './adopt.ts';
import { type FileEntry, numberOf } from './entries.ts';
import type { Files } from './files.ts';
import type { Journal } from './journal.ts';
import type { Manifest } from './manifest.ts';
import { NewestValues } from './newest-values.ts';
import { stretchOf } from './seal.ts';
import type { SeriesNames } from './series-names.ts';
import type { Tail } from './tail.ts';

export type Report = (kind: StorageIncident['kind'], detail: string) => void;

export interface RecoveryParts {
  readonly db: Db;
  readonly files: Files;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly names: SeriesNames;
  readonly tail: Tail;
  readonly report: Report;
}

/** Files whose every byte is read before the hub is up; the others follow in the background. */
const newestChecked = 3;

/** Brings folder and manifest into agreement: unfinished, doomed, torn and unlisted files. */
export async function recoverFiles(
  connection: DuckDBConnection,
  parts: RecoveryParts,
): Promise<void> {
  const { files, manifest } = parts;
  const doomed = manifest.doomed();
  for (const name of doomed) files.remove(name);
  const unfinished = manifest.unfinished();
  for (const name of unfinished) {
    if (manifest.find(name) === undefined) files.remove(name);
  }
  // They are forgotten once they are gone for good: a file that is found again would be taken in.
  if (doomed.length + unfinished.length > 0) files.sync();
  for (const name of doomed) manifest.remove(name);
  manifest.abandon(unfinished);
  const listed = manifest.files();
  const newest = new Set(listed.slice(-newestChecked));
  for (const entry of listed) {
    const damage = newest.has(entry) ? files.damage(entry) : files.visibleDamage(entry);
    if (damage !== undefined) setTornFileAside(entry, damage, parts);
  }
  const unreadable = (entry: FileEntry) => (error: unknown) =>
    setTornFileAside(entry, `cannot be read (${messageOf(error)})`, parts);
  const undescribed = manifest.undescribed();
  for (const entry of undescribed) {
    await describe(connection, entry.name, parts).catch(unreadable(entry));
  }
  if (manifest.isSalvaged) {
    const described = new Set(undescribed.map(({ name }) => name));
    for (const entry of manifest.files()) {
      if (described.has(entry.name)) continue;
      await describeAgain(connection, entry, parts).catch(unreadable(entry));
    }
    manifest.notSalvaged();
  }
  const present = files.present().sort(newestFirst);
  // A number that is taken again would be a file that takes the place of another.
  manifest.numberAbove(present.reduce((most, name) => Math.max(most, numberOf(name) ?? 0), 0));
  const known = new Set(manifest.files().map((entry) => entry.name));
  for (const name of present) {
    if (known.has(name)) continue;
    if (stretchOf(name) !== undefined) await recoverSealed(connection, name, parts);
    else if (numberOf(name) !== undefined) await recoverNumbered(connection, name, parts);
    else files.remove(name);
  }
  files.sync();
}

/** Takes a damaged file out of every answer, keeps it for a person to look at, and says so. */
export function setTornFileAside(
  entry: FileEntry,
  damage: string,
  { files, manifest, report }: Pick<RecoveryParts, 'files' | 'manifest' | 'report'>,
): void {
  // Reported first: a crash in between reports twice, never not at all.
  const from = new Date(entry.oldestUs / 1000).toISOString();
  const to = new Date(entry.newestUs / 1000).toISOString();
  report(
    'torn_file',
    `${entry.name} ${damage}; its ${entry.points} readings from ${from} to ${to} are set aside in quarantine`,
  );
  // Moved before it is unlisted: an unlisted file that is still in place would be taken back in.
  files.setAside(entry.name);
  manifest.withdraw(entry);
}

/** Of a file that was replaced and its replacement, the latter comes first. */
const newestFirst = (a: string, b: string): number => (numberOf(b) ?? 0) - (numberOf(a) ?? 0);

/**
 * A file that no manifest lists although it was finished: the manifest is lost. It is listed by what
 * it says of itself, unless there is a newer one of its sums.
 */
async function recoverNumbered(
  connection: DuckDBConnection,
  name: string,
  parts: RecoveryParts,
): Promise<void> {
  const { files, report } = parts;
  try {
    if (await adoptNumbered(connection, name, parts)) {
      report('orphan_file', `${name} was in no manifest; it is used`);
    } else files.remove(name);
  } catch (error) {
    files.setAside(name);
    report('torn_file', `${name} was in no manifest and cannot be read (${messageOf(error)})`);
  }
}

/**
 * A sealed file that no manifest lists. Usually the hub was cut off between writing and listing it,
 * and the journal still holds all of it: then it goes. Where the journal has lost some of it, the
 * file is the better copy: then it is listed.
 */
async function recoverSealed(
  connection: DuckDBConnection,
  name: string,
  parts: RecoveryParts,
): Promise<void> {
  const { db, files, report } = parts;
  const stretch = stretchOf(name);
  if (stretch === undefined) return;
  const held = db
    .prepare('SELECT count(*) AS count FROM batches WHERE seq BETWEEN ? AND ?')
    .get(stretch.firstSeq, stretch.lastSeq) as { count: number };
  if (held.count === stretch.lastSeq - stretch.firstSeq + 1) {
    files.remove(name);
    report('orphan_file', `${name} was not finished; the journal holds its readings`);
    return;
  }
  try {
    await adoptSealed(connection, name, stretch, parts);
    report('orphan_file', `${name} was in no manifest and holds what the journal lost; it is used`);
  } catch (error) {
    files.setAside(name);
    report('torn_file', `${name} was in no manifest and cannot be read (${messageOf(error)})`);
  }
}

/** What the journal tells at the start. */
export interface RecoveredJournal {
  /** When its newest reading was received. */
  readonly lastReceivedUs: number;
  /** The newest value of each series in it. */
  readonly newest: readonly Sample[];
}

/**
 * Rebuilds tail and deliveries from the journal, and finds out what is missing: rows whose checksum
 * does not fit, holes in the numbering, and an end below the high-water mark.
 */
export function recoverJournal(highWaterSeq: number, parts: RecoveryParts): RecoveredJournal {
  const { db, journal, manifest, names, tail, report } = parts;
  const damaged: number[] = [];
  let missing = 0;
  let lastSeq = Math.max(journal.sealedSeq(), manifest.lastSeq());
  let lastReceivedUs = 0;
  const newest = new NewestValues();
  const edges = manifest.erasures().map(({ untilSeq }) => untilSeq);
  for (const batch of journal.batches()) {
    if (batch.seq > lastSeq + 1) missing += noteGap(db, lastSeq + 1, batch.seq - 1);
    lastSeq = Math.max(lastSeq, batch.seq);
    const { body } = batch;
    if (body === undefined || !body.points.series.every((id) => names.knows(id))) {
      damaged.push(batch.seq);
      continue;
    }
    lastReceivedUs = Math.max(lastReceivedUs, batch.receivedUs);
    // What is to be erased and what came after it do not go into one file.
    const before = tail.open?.lastSeq ?? batch.seq;
    if (edges.some((edge) => before <= edge && edge < batch.seq)) tail.close();
    tail.add(batch.seq, batch.receivedUs, body.points);
    newest.take(body.points, batch.receivedUs);
    journal.remember(body.deliveries, batch.seq);
  }
  for (const seq of damaged) {
    noteGap(db, seq, seq);
    db.prepare('DELETE FROM batches WHERE seq = ?').run(seq);
  }
  if (damaged.length > 0) {
    report('journal_damaged', `${damaged.length} batches of the journal are not what was written`);
  }
  if (missing > 0) report('journal_gap', `${missing} batches are missing within the journal`);
  if (highWaterSeq > lastSeq) {
    const lost = highWaterSeq - lastSeq;
    report('journal_gap', `the last ${lost} batches that were acknowledged are not in the journal`);
    noteGap(db, lastSeq + 1, highWaterSeq);
    lastSeq = highWaterSeq;
  }
  journal.continueAfter(lastSeq);
  return { lastReceivedUs, newest: newest.samples(names) };
}

/** Writes a hole in the numbering down; answers how many of its numbers are news. */
function noteGap(db: Db, firstSeq: number, lastSeq: number): number {
  const known = db
    .prepare(
      `SELECT coalesce(sum(min(last_seq, @lastSeq) - max(first_seq, @firstSeq) + 1), 0) AS count
       FROM gaps WHERE last_seq >= @firstSeq AND first_seq <= @lastSeq`,
    )
    .get({ firstSeq, lastSeq }) as { count: number };
  const news = lastSeq - firstSeq + 1 - known.count;
  if (news <= 0) return 0;
  db.prepare('INSERT OR REPLACE INTO gaps (first_seq, last_seq) VALUES (?, ?)').run(
    firstSeq,
    lastSeq,
  );
  return news;
}
