import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '#kernel';
import type { Engine } from './engine.ts';
import type { Files } from './files.ts';
import type { Manifest } from './manifest.ts';
import { type Report, setTornFileAside } from './recover.ts';
import type { SeriesNames } from './series-names.ts';
import { findSources, type Relation, relationOf, type Scope, type Sources } from './sources.ts';
import type { StretchReader, Tail } from './tail.ts';

/** A scope ready to be asked: nobody else has the connection, and the tail has caught up. */
export interface OpenScope {
  readonly connection: DuckDBConnection;
  readonly sources: Sources;
  readonly relation: Relation;
}

/** How often a question is asked again, each time without the files that turned out damaged. */
const mostAttempts = 3;

/**
 * Reads over sealed files and tail. A file is checked against its checksum once before its first
 * use, because a flipped bit in compressed data often decodes into a wrong value without an error.
 */
export class Reader {
  readonly #engine: Engine;
  readonly #files: Files;
  readonly #manifest: Manifest;
  readonly #names: SeriesNames;
  readonly #tail: Tail;
  readonly #journal: StretchReader;
  readonly #report: Report;
  readonly #checked = new Set<string>();

  constructor(parts: {
    readonly engine: Engine;
    readonly files: Files;
    readonly manifest: Manifest;
    readonly names: SeriesNames;
    readonly tail: Tail;
    readonly journal: StretchReader;
    readonly report: Report;
  }) {
    this.#engine = parts.engine;
    this.#files = parts.files;
    this.#manifest = parts.manifest;
    this.#names = parts.names;
    this.#tail = parts.tail;
    this.#journal = parts.journal;
    this.#report = parts.report;
  }

  /** Says that a file is known to be whole. */
  trust(name: string): void {
    this.#checked.add(name);
  }

  /** Asks `question` about a scope; `none` is its answer when there is nothing to ask about. */
  read<T>(scope: Scope, none: T, question: (open: OpenScope) => Promise<T>): Promise<T> {
    return this.#engine.turn(async (connection) => {
      for (let attempt = 1; ; attempt++) {
        const sources = this.#soundSources(scope);
        if (sources.points === 0) return none;
        try {
          for (const generation of sources.generations) {
            await generation.catchUp(connection, this.#journal);
          }
          const relation = relationOf(scope, sources, this.#files);
          return await question({ connection, sources, relation });
        } catch (error) {
          if (attempt === mostAttempts || !this.#setDamagedAside(sources, error)) throw error;
        }
      }
    });
  }

  /** Checks one file that has not been read yet; `false` when all have been. */
  checkNext(): boolean {
    const entry = this.#manifest.files().find((one) => !this.#checked.has(one.name));
    if (entry === undefined) return false;
    this.#check(entry.name);
    return true;
  }

  #soundSources(scope: Scope): Sources {
    const parts = { names: this.#names, manifest: this.#manifest, tail: this.#tail };
    const sources = findSources(scope, parts);
    const sound = sources.files.filter((range) => this.#check(range.file));
    return sound.length === sources.files.length ? sources : findSources(scope, parts);
  }

  #check(name: string): boolean {
    if (this.#checked.has(name)) return true;
    const entry = this.#manifest.find(name);
    if (entry === undefined) return false;
    const damage = this.#files.damage(entry);
    if (damage === undefined) {
      this.#checked.add(name);
      return true;
    }
    this.#setAside(name, damage);
    return false;
  }

  /** After a failed query: is one of its files to blame? */
  #setDamagedAside(sources: Sources, error: unknown): boolean {
    let found = false;
    for (const { file } of sources.files) {
      const entry = this.#manifest.find(file);
      const damage = entry && this.#files.damage(entry);
      if (damage === undefined) continue;
      this.#setAside(file, `${damage} (${messageOf(error).split('\n')[0]})`);
      found = true;
    }
    return found;
  }

  #setAside(name: string, damage: string): void {
    const entry = this.#manifest.find(name);
    this.#checked.delete(name);
    if (entry === undefined) return;
    setTornFileAside(entry, damage, {
      files: this.#files,
      manifest: this.#manifest,
      report: this.#report,
    });
  }
}
