import type { DuckDBConnection } from '@duckdb/node-api';
import { extentsIn, together } from './extents.ts';
import type { Day, Extent, FileEntry } from './manifest.ts';
import type { RecoveryParts } from './recover.ts';
import { descriptionIn, keyOf } from './tiers/tier-file.ts';

/**
 * Lists a sealed file that the manifest has lost, from what the file itself says.
 * @throws Error when the file cannot be read.
 */
export async function adoptSealed(
  connection: DuckDBConnection,
  name: string,
  stretch: { readonly firstSeq: number; readonly lastSeq: number },
  parts: RecoveryParts,
): Promise<void> {
  const { db, files, manifest } = parts;
  const extents = await extentsIn(connection, files.pathOf(name), 'time');
  const { oldestUs, newestUs, points } = together(extents);
  db.transaction(() => {
    nameSeries(extents, parts);
    manifest.add(
      {
        name,
        ...stretch,
        bytes: files.size(name),
        checksum: files.checksum(name),
        points,
        oldestUs,
        newestUs,
        receivedUs: newestUs,
        tier: 'sealed',
        fromUs: null,
        untilUs: null,
      },
      extents,
    );
    // The file holds these; reading them twice would do no harm and no good.
    db.prepare('DELETE FROM batches WHERE seq BETWEEN ? AND ?').run(
      stretch.firstSeq,
      stretch.lastSeq,
    );
  })();
}

/**
 * Lists a file of a tier that the manifest has lost, with its days; `false` for one of sums that a
 * newer file has the place of: to count them twice would be wrong.
 * @throws Error when the file cannot be read.
 */
export async function adoptNumbered(
  connection: DuckDBConnection,
  name: string,
  parts: RecoveryParts,
): Promise<boolean> {
  const { db, files, manifest } = parts;
  const path = files.pathOf(name);
  const { days, incomplete, ...described } = await descriptionIn(connection, path);
  const { tier, fromUs, untilUs } = described;
  const isReadings = tier === 'raw' || tier === 'sealed';
  const isTaken = manifest
    .files(tier)
    .some((one) => (one.fromUs ?? 0) < (untilUs ?? 0) && (one.untilUs ?? 0) > (fromUs ?? 0));
  if (!isReadings && isTaken) return false;
  const gaps = new Set(incomplete.map(keyOf));
  const extents = (await extentsIn(connection, path, isReadings ? 'time' : 'last_us')).map(
    (one) => ({ ...one, complete: !gaps.has(keyOf(one)) }),
  );
  const entry = {
    ...{ name, ...described, ...together(extents) },
    bytes: files.size(name),
    checksum: files.checksum(name),
  };
  db.transaction(() => {
    nameSeries(extents, parts);
    manifest.add(entry, extents);
    addDays(days, manifest);
  })();
  return true;
}

/**
 * Finds out what a file holds that was listed before that was kept.
 * @throws Error when the file cannot be read.
 */
export async function describe(
  connection: DuckDBConnection,
  name: string,
  { files, manifest }: RecoveryParts,
): Promise<void> {
  const devices = new Set(manifest.formerDevices(name));
  const extents = await extentsIn(connection, files.pathOf(name), 'time');
  // A device that is missing there was removed since: it stays unfindable.
  const kept = devices.size === 0 ? extents : extents.filter((one) => devices.has(one.device));
  manifest.describe(name, kept);
}

/**
 * Finds out again what a file holds, of which a damaged journal may have lost some: what is not known
 * to be in a file would be left out when it is written anew. A device without a name was removed, and
 * stays unfindable.
 * @throws Error when the file cannot be read.
 */
export async function describeAgain(
  connection: DuckDBConnection,
  { name, tier }: FileEntry,
  parts: RecoveryParts,
): Promise<void> {
  const { db, files, manifest, names } = parts;
  const path = files.pathOf(name);
  const isReadings = tier === 'raw' || tier === 'sealed';
  const { days, incomplete } =
    tier === 'sealed' ? { days: [], incomplete: [] } : await descriptionIn(connection, path);
  const known = manifest.extentsIn(name);
  const gaps = new Set([...incomplete, ...known.filter(({ complete }) => !complete)].map(keyOf));
  const findable = new Set([...names.all(), ...known].map(({ device }) => device));
  const extents = (await extentsIn(connection, path, isReadings ? 'time' : 'last_us'))
    .filter(({ device }) => findable.size === 0 || findable.has(device))
    .map((one) => ({ ...one, complete: !gaps.has(keyOf(one)) }));
  db.transaction(() => {
    nameSeries(extents, parts);
    manifest.describeAgain(name, extents);
    addDays(days, manifest);
  })();
}

/** Keeps days that a file speaks of, where the manifest knows none of their time. */
function addDays(days: readonly Day[], manifest: RecoveryParts['manifest']): void {
  for (const day of days) {
    if (manifest.days(day.fromUs, day.untilUs).length === 0) manifest.addDay(day);
  }
}

/** Gives a name's number to series that have none. To be called inside a transaction. */
export function nameSeries(
  extents: readonly Extent[],
  { journal, names }: Pick<RecoveryParts, 'journal' | 'names'>,
): void {
  for (const { device, metric } of extents) {
    if (names.ofDevice(device, [metric]).length > 0) continue;
    const series = { id: names.nextId(), device, metric };
    journal.saveSeries([series]);
    names.add(series);
  }
}
