import { type Sight, seesEvery } from '#auth';
import type { Book, Entry } from './book.ts';

/** What is asked of the book to say why. */
export type Naming = Pick<Book, 'find' | 'ofDevice'>;

/**
 * The book as somebody may read of it. A schedule for a group acts on a device that they see though
 * they do not see the whole group: they are told when, and not what it is called.
 */
export function namesFor(sight: Sight, book: Naming & Pick<Book, 'devicesOf'>): Naming {
  const read = (entry: Entry): Entry =>
    seesEvery(sight, book.devicesOf(entry.record))
      ? entry
      : { ...entry, record: { ...entry.record, name: null } };
  return {
    find: (id) => {
      const entry = book.find(id);
      return entry && read(entry);
    },
    ofDevice: (deviceId) => book.ofDevice(deviceId).map(read),
  };
}
