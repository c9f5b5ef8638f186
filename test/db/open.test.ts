import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '#db';
import { temporaryDirectory } from '../support/directory.ts';

it.each([
  [true, 'is overwritten'],
  [false, 'stays in free pages, which is why the other way exists'],
])('what is deleted with leavesNoTrace %s %s', async (leavesNoTrace) => {
  const path = join(await temporaryDirectory(), 'hearth.db');
  const db = openDatabase(path, { leavesNoTrace });
  db.exec('CREATE TABLE states (id INTEGER PRIMARY KEY, json TEXT)');
  for (let id = 0; id < 50; id++) {
    db.prepare('INSERT INTO states VALUES (?, ?)').run(id, `the door is locked ${id}`);
  }
  db.exec('DELETE FROM states WHERE id > 2; UPDATE states SET json = NULL WHERE id = 2');
  db.close();
  const found = readFileSync(path, 'latin1');
  expect(found).toContain('the door is locked 1');
  expect(found.includes('the door is locked 2')).toBe(!leavesNoTrace);
});
