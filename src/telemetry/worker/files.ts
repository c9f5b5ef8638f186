import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#kernel';
import { checksumOf } from './codec.ts';
import type { FileEntry } from './manifest.ts';

const parquetMagic = 'PAR1';
const quarantinedKept = 20;

/** The folders of the store, and what may be done with the files in them. */
export class Files {
  readonly directory: string;
  readonly journal: string;
  readonly #sealed: string;
  readonly #quarantine: string;

  constructor(directory: string) {
    this.directory = directory;
    this.journal = join(directory, 'journal.db');
    this.#sealed = join(directory, 'raw');
    this.#quarantine = join(directory, 'quarantine');
  }

  make(): void {
    for (const folder of [this.directory, this.#sealed, this.#quarantine]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  }

  pathOf(name: string): string {
    return join(this.#sealed, name);
  }

  /** Everything in the folder of files, listed in the manifest or not. */
  present(): string[] {
    return readdirSync(this.#sealed);
  }

  remove(name: string): void {
    rmSync(this.pathOf(name), { force: true });
  }

  /** Gives a written file its name for good: file, rename, folder, each synced in this order. */
  publish(temporary: string, name: string): void {
    syncPath(this.pathOf(temporary));
    renameSync(this.pathOf(temporary), this.pathOf(name));
    syncPath(this.#sealed);
  }

  /** As `publish`, but for the folder, and without holding anybody up while the disk works. */
  async publishLater(temporary: string, name: string): Promise<void> {
    const file = await open(this.pathOf(temporary), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.pathOf(temporary), this.pathOf(name));
  }

  /** Makes removals from the folder of sealed files last. */
  sync(): void {
    syncPath(this.#sealed);
  }

  size(name: string): number {
    return statSync(this.pathOf(name)).size;
  }

  checksum(name: string): number {
    const file = openSync(this.pathOf(name), 'r');
    try {
      const block = Buffer.allocUnsafe(256 * 1024);
      let checksum = 0;
      for (let read = readSync(file, block); read > 0; read = readSync(file, block)) {
        checksum = checksumOf(block.subarray(0, read), checksum);
      }
      return checksum;
    } finally {
      closeSync(file);
    }
  }

  /** As `checksum`, without holding anybody up. */
  async checksumLater(name: string): Promise<number> {
    const file = await open(this.pathOf(name), 'r');
    try {
      const block = Buffer.allocUnsafe(256 * 1024);
      let checksum = 0;
      for (;;) {
        const { bytesRead } = await file.read(block);
        if (bytesRead === 0) return checksum;
        checksum = checksumOf(block.subarray(0, bytesRead), checksum);
      }
    } finally {
      await file.close();
    }
  }

  /** What is plainly wrong with a file: gone, of another size, or without Parquet's two magics. */
  visibleDamage(entry: FileEntry): string | undefined {
    const path = this.pathOf(entry.name);
    if (!existsSync(path)) return 'is missing';
    return damageOf(() => {
      const { size } = statSync(path);
      if (size !== entry.bytes) return `is ${size} bytes long instead of ${entry.bytes}`;
      return hasMagic(path, size) ? undefined : 'does not begin and end as a Parquet file does';
    });
  }

  /** As `visibleDamage`, and reads all of the file against its checksum. */
  damage(entry: FileEntry): string | undefined {
    return (
      this.visibleDamage(entry) ??
      damageOf(() => (this.checksum(entry.name) === entry.checksum ? undefined : mismatch))
    );
  }

  /** As `damage`, without holding anybody up. */
  async damageLater(entry: FileEntry): Promise<string | undefined> {
    const visible = this.visibleDamage(entry);
    if (visible !== undefined) return visible;
    try {
      const checksum = await this.checksumLater(entry.name);
      return checksum === entry.checksum ? undefined : mismatch;
    } catch (error) {
      return unreadable(error);
    }
  }

  /** Moves a file out of the way, to be looked at by a person; the oldest such go. */
  setAside(name: string): void {
    if (existsSync(this.pathOf(name))) {
      renameSync(this.pathOf(name), join(this.#quarantine, name));
      this.sync();
    }
    this.#trimQuarantine();
  }

  /** What was set aside: damaged files, and folders of damaged journals. */
  setAsides(): string[] {
    return readdirSync(this.#quarantine);
  }

  pathOfSetAside(name: string): string {
    return join(this.#quarantine, name);
  }

  removeSetAside(name: string): void {
    rmSync(this.pathOfSetAside(name), { recursive: true, force: true });
    syncPath(this.#quarantine);
  }

  /** Moves the journal's files into a folder of their own in quarantine, and says where that is. */
  setJournalAside(label: string): string {
    let folder = join(this.#quarantine, label);
    for (let attempt = 2; existsSync(folder); attempt++) {
      folder = join(this.#quarantine, `${label}-${attempt}`);
    }
    mkdirSync(folder, { mode: 0o700 });
    for (const suffix of ['', '-wal']) {
      const path = `${this.journal}${suffix}`;
      if (existsSync(path)) renameSync(path, join(folder, `journal.db${suffix}`));
    }
    rmSync(`${this.journal}-shm`, { force: true });
    syncPath(this.directory);
    this.#trimQuarantine();
    return folder;
  }

  #trimQuarantine(): void {
    const kept = readdirSync(this.#quarantine)
      .map((name) => join(this.#quarantine, name))
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const path of kept.slice(quarantinedKept)) rmSync(path, { recursive: true, force: true });
  }
}

const mismatch = 'does not match its checksum';
const unreadable = (error: unknown): string => `cannot be read (${messageOf(error)})`;

/** What a check finds; a disk that fails to read a file is damage like any other. */
function damageOf(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return unreadable(error);
  }
}

function hasMagic(path: string, size: number): boolean {
  if (size < 12) return false;
  const file = openSync(path, 'r');
  try {
    const ends = Buffer.alloc(8);
    readSync(file, ends, 0, 4, 0);
    readSync(file, ends, 4, 4, size - 4);
    return ends.toString('latin1') === parquetMagic + parquetMagic;
  } finally {
    closeSync(file);
  }
}

function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
