import { stat, statfs } from 'node:fs/promises';
import { HearthError } from '#kernel';

export interface RoomParts {
  /** Where the export is written to. */
  readonly folder: string;
  /** A folder on the disk of the hub: there DuckDB puts what it has no memory for. */
  readonly directory: string;
  /** What is to be left free on that disk, in bytes. */
  readonly floorBytes: number;
  /** Bytes that are free on the disk of a path. */
  readonly freeOn?: (path: string) => Promise<number>;
}

/** An export does not take what the hub wants left free on its disk: old readings would go for it. */
export class Room {
  readonly #parts: RoomParts;
  readonly #freeOn: (path: string) => Promise<number>;
  readonly #leastBytes: number;

  private constructor(parts: RoomParts, leastBytes: number) {
    this.#parts = parts;
    this.#freeOn = parts.freeOn ?? freeBytesOn;
    this.#leastBytes = leastBytes;
  }

  /**
   * Looks at the disk before the export begins. One that goes to another disk may help out of the
   * want of room: it may use half of what is left where that is less than the floor already.
   */
  static async of(parts: RoomParts): Promise<Room> {
    const { folder, directory, floorBytes, freeOn = freeBytesOn } = parts;
    const [theirs, ours] = await Promise.all([stat(folder), stat(directory)]);
    if (theirs.dev === ours.dev) return new Room(parts, floorBytes);
    return new Room(parts, Math.min(floorBytes, (await freeOn(directory)) / 2));
  }

  /** @throws HearthError `storage_full`. */
  async require(): Promise<void> {
    if ((await this.#freeOn(this.#parts.directory)) >= this.#leastBytes) return;
    throw new HearthError('storage_full', 'too little room is left on the disk of the hub', {
      hint: 'Free some, export less at a time, or lower telemetry.free_disk_mb.',
    });
  }
}

async function freeBytesOn(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
