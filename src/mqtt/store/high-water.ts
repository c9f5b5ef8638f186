import { type FileHandle, open, readFile } from 'node:fs/promises';
import { type Log, messageOf } from '#kernel';

const width = 16;

/**
 * How many writes the store had finished, in a file of its own. A store that opens with fewer has
 * lost its tail, which LevelDB does not say of itself. The file is written after the store's sync
 * and never synced before closing: it may lag behind the store, it never runs ahead.
 */
export class HighWaterMark {
  readonly #path: string;
  readonly #log: Log;
  #file: FileHandle | undefined;
  #writing = false;
  #wanted = 0;
  #written = 0;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Writes that were finished when the file was last written; 0 when it says nothing usable. */
  async open(): Promise<number> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    this.#file = await open(this.#path, text === '' ? 'w' : 'r+', 0o600);
    return /^\d{16}$/.test(text) ? Number(text) : 0;
  }

  record(writes: number): void {
    this.#wanted = writes;
    if (!this.#writing) void this.#write();
  }

  async close(): Promise<void> {
    await this.#file?.sync().catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#written !== this.#wanted && this.#file !== undefined) {
        const value = this.#wanted;
        await this.#file.write(String(value).padStart(width, '0'), 0);
        this.#written = value;
      }
    } catch (error) {
      this.#log.warn(
        { err: messageOf(error) },
        'the high-water mark of the MQTT store was not written',
      );
    } finally {
      this.#writing = false;
    }
  }
}
