import type { Db } from '#db';
import type { ActionValue } from '#devices';
import type { Group, Refusal, Scene, SceneCommand } from './types.ts';

interface NamedRow {
  readonly id: string;
  readonly name: string;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

interface SceneCommandRow {
  readonly scene_id: string;
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly action: string;
  readonly value: string;
}

/** What is kept of a run beside its commands. */
export interface Batch {
  readonly id: string;
  /** `scene:ID` or `group:ID`. */
  readonly subject: string;
  /** SHA-256 of the commands that were asked for: a key stands for these and no others. */
  readonly wantedHash: string;
  readonly idempotencyKey: string | undefined;
  readonly refused: readonly Refusal[];
  readonly createdAtMs: number;
}

const mostBatches = 1000;

/** The tables of this slice: groups, group_devices, scenes, scene_commands, batches. */
export class GroupStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  groups(): Group[] {
    const members = this.#db
      .prepare<[], { group_id: string; device_id: string }>(
        'SELECT group_id, device_id FROM group_devices ORDER BY group_id, position',
      )
      .all();
    const devicesOf = Map.groupBy(members, ({ group_id }) => group_id);
    return this.#named('groups').map((row) => ({
      ...namedOf(row),
      devices: (devicesOf.get(row.id) ?? []).map(({ device_id }) => device_id),
    }));
  }

  putGroup(group: Group): void {
    this.#putNamed('groups', group);
    this.#db.prepare('DELETE FROM group_devices WHERE group_id = ?').run(group.id);
    const add = this.#db.prepare(
      'INSERT INTO group_devices (group_id, device_id, position) VALUES (?, ?, ?)',
    );
    for (const [position, deviceId] of group.devices.entries()) {
      add.run(group.id, deviceId, position);
    }
  }

  removeGroup(id: string): void {
    this.#db.prepare('DELETE FROM groups WHERE id = ?').run(id);
  }

  scenes(): Scene[] {
    const rows = this.#db
      .prepare<[], SceneCommandRow>('SELECT * FROM scene_commands ORDER BY scene_id, position')
      .all();
    const commandsOf = Map.groupBy(rows, ({ scene_id }) => scene_id);
    return this.#named('scenes').map((row) => ({
      ...namedOf(row),
      commands: (commandsOf.get(row.id) ?? []).map(sceneCommandOf),
    }));
  }

  putScene(scene: Scene): void {
    this.#putNamed('scenes', scene);
    this.#db.prepare('DELETE FROM scene_commands WHERE scene_id = ?').run(scene.id);
    const add = this.#db.prepare('INSERT INTO scene_commands VALUES (?, ?, ?, ?, ?, ?)');
    for (const [position, { device_id, group_id, action, value }] of scene.commands.entries()) {
      add.run(scene.id, position, device_id, group_id, action, JSON.stringify(value));
    }
  }

  removeScene(id: string): void {
    this.#db.prepare('DELETE FROM scenes WHERE id = ?').run(id);
  }

  batch(id: string): Batch | undefined {
    return this.#batchWhere('id = ?', id);
  }

  /** The newest run of `subject` under this key since then. */
  batchOfKey(subject: string, key: string, sinceMs: number): Batch | undefined {
    return this.#batchWhere(
      'subject = ? AND idempotency_key = ? AND created_at_ms >= ?',
      subject,
      key,
      sinceMs,
    );
  }

  /** Adds a run, and drops what is older than the newest thousand. */
  addBatch(batch: Batch): void {
    const { id, subject, wantedHash, idempotencyKey, refused, createdAtMs } = batch;
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO batches (id, subject, wanted_hash, idempotency_key, refused, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(id, subject, wantedHash, idempotencyKey ?? null, JSON.stringify(refused), createdAtMs);
    this.#db
      .prepare('DELETE FROM batches WHERE seq <= ?')
      .run(Number(lastInsertRowid) - mostBatches);
  }

  setRefused(batchId: string, refused: readonly Refusal[]): void {
    this.#db
      .prepare('UPDATE batches SET refused = ? WHERE id = ?')
      .run(JSON.stringify(refused), batchId);
  }

  #batchWhere(condition: string, ...values: readonly (string | number)[]): Batch | undefined {
    const row = this.#db
      .prepare<
        unknown[],
        {
          id: string;
          subject: string;
          wanted_hash: string;
          idempotency_key: string | null;
          refused: string;
          created_at_ms: number;
        }
      >(`SELECT * FROM batches WHERE ${condition} ORDER BY seq DESC LIMIT 1`)
      .get(...values);
    return (
      row && {
        id: row.id,
        subject: row.subject,
        wantedHash: row.wanted_hash,
        idempotencyKey: row.idempotency_key ?? undefined,
        refused: JSON.parse(row.refused) as Refusal[],
        createdAtMs: row.created_at_ms,
      }
    );
  }

  #named(table: 'groups' | 'scenes'): NamedRow[] {
    return this.#db.prepare<[], NamedRow>(`SELECT * FROM ${table}`).all();
  }

  #putNamed(table: 'groups' | 'scenes', { id, name, created_at, updated_at }: Group | Scene): void {
    this.#db
      .prepare(
        `INSERT INTO ${table} (id, name, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE
           SET name = excluded.name, updated_at_ms = excluded.updated_at_ms`,
      )
      .run(id, name, Date.parse(created_at), Date.parse(updated_at));
  }
}

const namedOf = (row: NamedRow) => ({
  id: row.id,
  name: row.name,
  created_at: new Date(row.created_at_ms).toISOString(),
  updated_at: new Date(row.updated_at_ms).toISOString(),
});

const sceneCommandOf = ({ device_id, group_id, action, value }: SceneCommandRow): SceneCommand => ({
  device_id,
  group_id,
  action,
  value: JSON.parse(value) as ActionValue,
});
