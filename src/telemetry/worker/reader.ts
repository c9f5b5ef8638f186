import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '#kernel';
import type { Engine } from './engine.ts';
import type { Files } from './files.ts';
import type { Manifest } from './manifest.ts';
import { filesOf, readingsSql, spansSql } from './planner/relation.ts';
import type { Part } from './planner/types.ts';
import { type Report, setTornFileAside } from './recover.ts';
import type { SeriesNames } from './series-names.ts';
import { findSources, type Sources, type Wanted } from './sources.ts';
import type { StretchReader, Tail } from './tail.ts';

/** What is wanted, ready to be asked: nobody else has the connection, and the tail has caught up. */
export interface OpenSources {
  readonly connection: DuckDBConnection;
  readonly sources: Sources;
  /** SQL for the readings of a part; see `readingsSql`. */
  readings(part: Part): string;
  /** SQL for the spans of several parts; see `spansSql`. */
  spans(parts: readonly Part[]): string;
}

/** A file turned out to be damaged: what it was to answer is to be found elsewhere. */
class SourcesChanged extends Error {}

/** How often a question is asked again, each time without the files that turned out damaged. */
const mostAttempts = 3;

/**
 * Reads over files and tail. A file is checked against its checksum once before its first
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

  /** Asks `question` about what is wanted; `none` is its answer when there is nothing of it. */
  read<T>(wanted: Wanted, none: T, question: (open: OpenSources) => Promise<T>): Promise<T> {
    return this.#engine.turn(async (connection) => {
      for (let attempt = 1; ; attempt++) {
        const parts = { names: this.#names, manifest: this.#manifest, tail: this.#tail };
        const sources = findSources(wanted, parts);
        if (sources.stocks.every(({ files, live }) => files.length + live.length === 0)) {
          return none;
        }
        const used = new Set<string>();
        try {
          for (const generation of sources.generations) {
            await generation.catchUp(connection, this.#journal);
          }
          return await question(this.#open(connection, sources, used));
        } catch (error) {
          // Each time fewer files are left to be damaged.
          if (error instanceof SourcesChanged) continue;
          if (attempt >= mostAttempts || !this.#setDamagedAside(used, error)) throw error;
        }
      }
    });
  }

  /** Checks one file that has not been read yet, holding nobody up; `false` when all have been. */
  async checkNext(): Promise<boolean> {
    const entry = this.#manifest.files().find((one) => !this.#checked.has(one.name));
    if (entry === undefined) return false;
    const damage = await this.#files.damageLater(entry);
    if (damage === undefined) this.trust(entry.name);
    // No question may be reading it, and compaction may have taken its place meanwhile.
    else await this.#engine.turn(() => this.#setAside(entry.name, damage));
    return true;
  }

  #open(connection: DuckDBConnection, sources: Sources, used: Set<string>): OpenSources {
    const pathOf = (file: string): string => this.#files.pathOf(file);
    const use = (part: Part): void => {
      const files = filesOf(part, sources);
      for (const file of files) used.add(file);
      if (files.filter((file) => !this.#check(file)).length > 0) throw new SourcesChanged();
    };
    return {
      connection,
      sources,
      readings: (part) => {
        use(part);
        return readingsSql(part, sources, pathOf);
      },
      spans: (parts) => {
        for (const part of parts) use(part);
        return spansSql(parts, sources, pathOf);
      },
    };
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
  #setDamagedAside(used: ReadonlySet<string>, error: unknown): boolean {
    let found = false;
    for (const file of used) {
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
