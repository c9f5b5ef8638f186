import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const controlSocketName = 'hearth.sock';
/** Says where the socket is when the directory is too deep for one (`sun_path`, unix(7)). */
export const controlSocketNote = 'hearth.sock.path';

/** Where the control socket of the hub in `directory` is, whether or not one runs there now. */
export function controlSocketPath(directory: string): string {
  const note = join(directory, controlSocketNote);
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : join(directory, controlSocketName);
}
