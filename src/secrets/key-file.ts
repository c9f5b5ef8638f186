import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { HearthError, messageOf, writeFileDurably } from '#kernel';

/** One key of the file; the first is what new secrets are sealed with, the others only open. */
export interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

/** Two keys at most, while one takes over from the other. */
const mostBytes = 4096;
const title = 'hearth-keys-v1';
const line = /^([a-z0-9]{8}) ([A-Za-z0-9_-]{43})$/;

/** A key whose id is none of `others`': a secret is opened with the key that its id names. */
export function makeKey(others: readonly Key[] = []): Key {
  const id = randomBytes(4).toString('hex');
  if (others.some((key) => key.id === id)) return makeKey(others);
  return { id, bytes: randomBytes(32) };
}

/**
 * Reads the keys of `path`, or makes the first one where there is no file and `mayMake`.
 * @throws HearthError `data_directory` when the file holds something else, or others may read it.
 */
export async function openKeyFile(path: string, mayMake = true): Promise<readonly [Key, ...Key[]]> {
  if (!existsSync(path)) {
    if (!mayMake) throw unusable(path, 'it is not there, and secrets were sealed with it');
    const key = makeKey();
    await writeKeyFile(path, [key]);
    return [key];
  }
  const { mode, size } = await stat(path).catch((error) => {
    throw unusable(path, messageOf(error));
  });
  if (size > mostBytes) throw unusable(path, 'it does not hold keys');
  if ((mode & 0o077) !== 0) {
    throw unusable(path, 'others than its owner may read it', `Close it: chmod 600 ${path}`);
  }
  const text = await readFile(path, 'utf8').catch((error) => {
    throw unusable(path, messageOf(error));
  });
  const [head, ...lines] = text.trimEnd().split('\n');
  const matches = lines.map((it) => line.exec(it));
  const [first, ...rest] = matches.map((match) => ({
    id: match?.[1] ?? '',
    bytes: Buffer.from(match?.[2] ?? '', 'base64url'),
  }));
  const ids = new Set([first, ...rest].map((key) => key?.id));
  const isWhole = !matches.includes(null) && ids.size === matches.length;
  if (head !== title || first === undefined || !isWhole) {
    throw unusable(path, 'it does not hold keys');
  }
  return [first, ...rest];
}

/**
 * On disk once this returns. Nobody but its owner may read it.
 * @throws HearthError `data_directory` when it cannot be written; then it is as it was.
 */
export async function writeKeyFile(path: string, keys: readonly Key[]): Promise<void> {
  const lines = keys.map(({ id, bytes }) => `${id} ${bytes.toString('base64url')}`);
  try {
    await writeFileDurably(path, `${[title, ...lines].join('\n')}\n`, 0o600);
  } catch (error) {
    throw new HearthError(
      'data_directory',
      `the key file ${path} cannot be written: ${messageOf(error)}`,
      { hint: 'Make its folder, or let the hub write there.', cause: error },
    );
  }
}

const unusable = (path: string, reason: string, hint?: string): HearthError =>
  new HearthError('data_directory', `the key file ${path} cannot be used: ${reason}`, {
    hint:
      hint ?? 'Restore it from where you keep it. Without it no secret of this hub can be read.',
  });
