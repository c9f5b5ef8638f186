import { access, constants, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Clock, HearthError, type Log, messageOf } from '#kernel';
import { GroupedLevel, type Level, unseal, writesKey } from './grouped-level.ts';
import { HighWaterMark } from './high-water.ts';

/** A loss the owner should hear of. */
export interface StoreIncident {
  readonly kind: 'mqtt_store_damaged';
  readonly detail: string;
}

export interface StoreOptions {
  /** Holds the level database (`store`), its high-water mark and whatever was set aside. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onIncident: (incident: StoreIncident) => void;
}

/**
 * Opens the store of sessions and retained messages. Damage never keeps the hub from starting: it is
 * repaired, or else the store is set aside beside an empty one, and it is reported either way.
 * @throws HearthError `already_running` or `data_directory` when the directory cannot be used at all.
 */
export async function openStore(options: StoreOptions): Promise<GroupedLevel> {
  const { directory, log } = options;
  const report = (detail: string) => options.onIncident({ kind: 'mqtt_store_damaged', detail });
  const path = join(directory, 'store');
  await makeDirectory(directory, path);
  const { db, writes, damage } = await openSound(path, options.clock.nowMs());
  const mark = new HighWaterMark(join(directory, 'store.high-water'), log);
  const expected = await mark.open();
  if (writes < expected)
    damage.push(`the last ${expected - writes} of ${expected} writes are missing`);
  const store = new GroupedLevel(db, {
    mark,
    writes: Math.max(writes, expected),
    onFailure: (error) => log.error({ err: messageOf(error) }, 'the MQTT store was not written'),
    onDamage: (key) => report(`the record ${key.slice(0, 100)} fails its checksum`),
  });
  for (const detail of damage) report(detail);
  // Writes the counter, so that a loss is told once.
  if (damage.length > 0) await store.del(writesKey);
  return store;
}

interface Opened {
  readonly db: Level;
  readonly writes: number;
  readonly damage: string[];
}

async function openSound(path: string, nowMs: number): Promise<Opened> {
  const damage: string[] = [];
  try {
    return await openAndCheck(path, damage);
  } catch (error) {
    refuseIfInUse(path, error);
    damage.push(`the store did not open (${reasonOf(error)}); it was repaired`);
  }
  try {
    await ClassicLevel.repair(path);
    return await openAndCheck(path, damage);
  } catch (error) {
    const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
    await rename(path, aside);
    damage.push(`repair failed (${reasonOf(error)}); the store was set aside as ${aside}`);
  }
  return await openAndCheck(path, damage);
}

/** Reads every value once: a flipped bit is found now rather than when a message is due. */
async function openAndCheck(path: string, damage: string[]): Promise<Opened> {
  const db: Level = new ClassicLevel(path, { valueEncoding: 'buffer' });
  await db.open();
  try {
    const bad: string[] = [];
    let writes = 0;
    for await (const [key, sealed] of db.iterator()) {
      const value = unseal(key, sealed);
      if (value === undefined) bad.push(key);
      else if (key === writesKey) writes = Number(value.toString());
    }
    if (bad.length > 0) {
      await db.batch(
        bad.map((key) => ({ type: 'del', key })),
        { sync: true },
      );
      damage.push(`${bad.length} records failed their checksum and were removed`);
    }
    return { db, writes: Number.isSafeInteger(writes) ? writes : 0, damage };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function makeDirectory(directory: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    // The names of new directories survive a power cut only once their parent is synced.
    const handle = await open(directory);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    throw new HearthError('data_directory', `${directory} cannot be written: ${messageOf(error)}`, {
      hint: 'Give the hub its data directory, or choose another one with --data.',
      cause: error,
    });
  }
}

function refuseIfInUse(path: string, error: unknown): void {
  if (codeOf(error) !== 'LEVEL_LOCKED') return;
  throw new HearthError('already_running', `${path} is in use by another process`, {
    hint: 'Stop the other hub, or choose another data directory with --data.',
    cause: error,
  });
}

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;
const codeOf = (error: unknown): unknown =>
  (causeOf(error) as { code?: unknown } | undefined)?.code;
const reasonOf = (error: unknown): string => messageOf(causeOf(error)).slice(0, 200);
