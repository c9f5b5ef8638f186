import Database from 'better-sqlite3';
import { HearthError, messageOf } from '#kernel';
import { legalMetric } from '../../line-protocol/names.ts';
import { readTimestampUs } from '../../timestamp.ts';
import type { Value } from '../../types.ts';
import { type Entity, factorOf, isMeasuring, placeOfEntity } from '../entities.ts';
import type { SourceSeries } from '../types.ts';
import type { Chunks } from './chunks.ts';
import { readValue } from './csv.ts';

type Recorder = Database.Database;

/** What a row of an entity becomes. */
interface Target {
  readonly series: SourceSeries;
  readonly factor: number;
  /** When its first state was; what is older is in the statistics alone. Microseconds. */
  firstUs: number;
}

/** What Home Assistant writes where it knows nothing. */
const unknowns: ReadonlySet<string> = new Set(['', 'unknown', 'unavailable', 'none']);
const hourUs = 3600e6;
const rowsBetweenLooks = 1000;

/**
 * The database of Home Assistant's recorder, read only: states as they were and, of the time before
 * them, the hourly means (of meters what they showed) of the long-term statistics.
 * @throws HearthError `unprocessable` for what is no such database, or one of before April 2023.
 */
export async function readRecorder(
  path: string,
  entities: readonly string[],
  chunks: Chunks,
): Promise<void> {
  const db = open(path);
  try {
    const targets = targetsOf(db, new Set(entities), chunks);
    chunks.total = countOf(db, 'states') + countOf(db, 'statistics');
    await readStates(db, targets, chunks);
    await readStatistics(db, targets, chunks);
  } catch (error) {
    if (error instanceof HearthError) throw error;
    throw unreadable(messageOf(error));
  } finally {
    db.close();
  }
}

function open(path: string): Recorder {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    // What is in its schema comes from somewhere else: no function with an effect is called for it.
    db.pragma('trusted_schema = OFF');
    const columns = db.pragma('table_info(states)') as { name: string }[];
    // A view in their place could make rows without an end.
    const areTables = tables.every((name) => !isView(db, name));
    if (!areTables || !columns.some(({ name }) => name === 'metadata_id')) {
      db.close();
      throw unreadable('it has no states as Home Assistant keeps them since April 2023');
    }
    return db;
  } catch (error) {
    throw error instanceof HearthError ? error : unreadable(messageOf(error));
  }
}

const unreadable = (why: string): HearthError =>
  new HearthError('unprocessable', `this database cannot be read: ${why}`, {
    field: 'path',
    hint: 'Name home-assistant_v2.db, or a copy of it made while Home Assistant was stopped.',
  });

const tables = ['states', 'states_meta', 'state_attributes', 'statistics', 'statistics_meta'];

const isView = (db: Recorder, name: string): boolean =>
  db
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ? COLLATE NOCASE")
    .get(name) !== undefined;

const hasTable = (db: Recorder, name: string): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !==
  undefined;

const countOf = (db: Recorder, table: 'states' | 'statistics'): number =>
  hasTable(db, table)
    ? (db.prepare<[], { rows: number }>(`SELECT count(*) AS rows FROM ${table}`).get()?.rows ?? 0)
    : 0;

/** Every entity that is taken, by its number in `states_meta` (s) and in `statistics_meta` (h). */
function targetsOf(db: Recorder, wanted: ReadonlySet<string>, chunks: Chunks): Map<string, Target> {
  const targets = new Map<string, Target>();
  const byEntity = new Map<string, Target>();
  const attributes = db.prepare<[number], { shared_attrs: string | null; first: number | null }>(`
    SELECT (SELECT a.shared_attrs FROM states s
              LEFT JOIN state_attributes a ON a.attributes_id = s.attributes_id
             WHERE s.metadata_id = m.metadata_id ORDER BY s.last_updated_ts DESC LIMIT 1) AS shared_attrs,
           (SELECT min(s.last_updated_ts) FROM states s WHERE s.metadata_id = m.metadata_id) AS first
    FROM states_meta m WHERE m.metadata_id = ?`);
  const metas = db
    .prepare<[], { id: number; entity: string }>(
      'SELECT metadata_id AS id, entity_id AS entity FROM states_meta',
    )
    .all();
  for (const { id, entity } of metas) {
    if (!isWanted(entity, wanted, chunks)) continue;
    const row = attributes.get(id);
    const target = targetOf(entityOf(entity, row?.shared_attrs), row?.first);
    targets.set(`s${id}`, target);
    byEntity.set(entity, target);
  }
  if (!hasTable(db, 'statistics_meta')) return targets;
  const sums = db
    .prepare<[], { id: number; entity: string; unit: string | null }>(
      'SELECT id, statistic_id AS entity, unit_of_measurement AS unit FROM statistics_meta',
    )
    .all();
  for (const { id, entity, unit } of sums) {
    const known = byEntity.get(entity);
    if (known === undefined && !isWanted(entity, wanted, chunks)) continue;
    const alone = { id: entity, deviceClass: undefined, unit: unit ?? undefined };
    targets.set(`h${id}`, known ?? targetOf(alone, null));
  }
  return targets;
}

function isWanted(entity: string, wanted: ReadonlySet<string>, chunks: Chunks): boolean {
  if (isMeasuring(entity) || wanted.has(entity)) return true;
  chunks.leaveOut(entity, `entities of the kind ${entity.split(/[.:]/, 1)[0]} are left out`);
  return false;
}

function entityOf(id: string, json: string | null | undefined): Entity {
  let attributes: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(json ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) attributes = parsed as typeof attributes;
  } catch {
    // What it is called says enough.
  }
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    id,
    deviceClass: text(attributes.device_class),
    unit: text(attributes.unit_of_measurement),
  };
}

function targetOf(entity: Entity, firstSeconds: number | null | undefined): Target {
  const { device, metric } = placeOfEntity(entity);
  const firstUs = firstSeconds ? Math.round(firstSeconds * 1e6) : Number.POSITIVE_INFINITY;
  return {
    series: { device: { name: device }, metric: legalMetric(metric), entity: entity.id },
    factor: factorOf(entity, metric),
    firstUs,
  };
}

async function readStates(
  db: Recorder,
  targets: ReadonlyMap<string, Target>,
  chunks: Chunks,
): Promise<void> {
  const rows = db
    .prepare<[], { id: number; state: string | null; at: number | null }>(
      'SELECT metadata_id AS id, state, last_updated_ts AS at FROM states ORDER BY state_id',
    )
    .iterate();
  for (const { id, state, at } of rows) {
    const target = targets.get(`s${id}`);
    if (target !== undefined && state !== null && !unknowns.has(state) && at !== null) {
      const value = stateValue(state);
      if (value !== undefined) take(target, Math.round(at * 1e6), value, chunks);
    }
    await step(chunks);
  }
}

async function readStatistics(
  db: Recorder,
  targets: ReadonlyMap<string, Target>,
  chunks: Chunks,
): Promise<void> {
  if (!hasTable(db, 'statistics')) return;
  const rows = db
    .prepare<[], { id: number; at: number | null; mean: number | null; state: number | null }>(
      'SELECT metadata_id AS id, start_ts AS at, mean, state FROM statistics ORDER BY id',
    )
    .iterate();
  for (const { id, at, mean, state } of rows) {
    const target = targets.get(`h${id}`);
    const startUs = at === null ? undefined : readTimestampUs(at);
    if (target !== undefined && startUs !== undefined && startUs + hourUs <= target.firstUs) {
      // A mean is of the hour that begins; what a meter showed, it showed at the end.
      if (mean !== null) take(target, startUs, mean, chunks);
      else if (state !== null) take(target, startUs + hourUs, state, chunks);
    }
    await step(chunks);
  }
}

function take({ series, factor }: Target, timeUs: number, value: Value, chunks: Chunks): void {
  const number = chunks.seriesOf(series.entity ?? '', () => series);
  const isScaled = factor !== 1 && typeof value === 'number';
  chunks.add(number, timeUs, isScaled ? value * factor : value);
}

async function step(chunks: Chunks): Promise<void> {
  chunks.done++;
  if (chunks.done % rowsBetweenLooks === 0 && chunks.isFull) await chunks.flush();
}

/** `on` and `off` are what is true and what is not; a number is one; anything else is text. */
function stateValue(state: string): Value | undefined {
  if (state === 'on' || state === 'off') return state === 'on';
  return readValue(state);
}
