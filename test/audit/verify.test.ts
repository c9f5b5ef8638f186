import { createHash } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Audit } from '#audit';
import { migrate, migrations, openDatabase } from '#db';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { entry, noonMs, openJournal } from './journal.ts';

/** Ten rows: the anchor and nine of somebody's. */
async function tenRows() {
  const journal = await openJournal();
  for (let i = 0; i < 9; i++) journal.audit.append(entry({ detail: { i, text: 'ä€𝄞"\\' } }));
  return journal;
}

const wellTen = { ok: true, rows: 10, first: 1, last: 10, problems: [] };
const copyOf = (seq: number, as: number) =>
  `INSERT INTO audit SELECT ${as}, at_ms, actor, action, subject, outcome, origin, detail, hash
     FROM audit WHERE seq = ${seq}`;

describe('verifying', () => {
  it('finds every row, also after a restart', async () => {
    const { audit, again } = await tenRows();
    expect(await audit.verify()).toEqual(wellTen);
    const later = await again();
    later.append(entry());
    expect(await later.verify()).toEqual({ ...wellTen, rows: 11, last: 11 });
  });

  it.each<[string, string, object, string]>([
    [
      'an outcome that was changed',
      "UPDATE audit SET outcome = 'rejected' WHERE seq = 4",
      { kind: 'altered', row: 4 },
      'Row 4 is not what was written',
    ],
    [
      'a time that was changed',
      'UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 2',
      { kind: 'altered', row: 2 },
      'Row 2 is not what was written',
    ],
    [
      'a last row that was changed',
      "UPDATE audit SET actor = 'local' WHERE seq = 10",
      { kind: 'altered', row: 10 },
      'Row 10 is not what was written',
    ],
    [
      'a row that was removed',
      'DELETE FROM audit WHERE seq = 4',
      { kind: 'removed', from: 4, to: 4 },
      'Row 4 was removed',
    ],
    [
      'the first rows that were removed',
      'DELETE FROM audit WHERE seq < 6',
      { kind: 'removed', from: 1, to: 5 },
      'Rows 1 to 5 were removed',
    ],
    [
      'a row that was removed, those after it moved up',
      'DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4',
      { kind: 'altered', row: 4 },
      'Row 4',
    ],
    [
      'the last row that was removed',
      'DELETE FROM audit WHERE seq = 10',
      { kind: 'removed_at_end', last: 9, head: 10 },
      '10 were written, and the last there is is row 9',
    ],
    [
      'all rows that were removed',
      'DELETE FROM audit',
      { kind: 'removed_at_end', last: 0, head: 10 },
      '10 were written',
    ],
    [
      'two rows that were swapped',
      'UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99',
      { kind: 'altered', row: 3 },
      'Row 3',
    ],
    ['a row that was put in', copyOf(10, 11), { kind: 'altered', row: 11 }, 'put in'],
    [
      'a head that was moved back with the last row',
      'DELETE FROM audit WHERE seq = 10; UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit WHERE seq = 9)',
      { kind: 'forged_head', row: 9 },
      'says where the audit ends was removed or forged',
    ],
    [
      'a head that was taken away with the last row',
      'DELETE FROM audit WHERE seq = 10; DELETE FROM audit_head',
      { kind: 'forged_head', row: 9 },
      'seen at row 9',
    ],
    [
      'a checkpoint that nobody set',
      'DELETE FROM audit WHERE seq < 6; INSERT INTO audit_checkpoint SELECT 1, 5, hash, hash FROM audit WHERE seq = 6',
      { kind: 'forged_checkpoint' },
      'says where the audit begins was forged',
    ],
  ])('names %s, at once and after more was appended', async (_, sql, problem, words) => {
    const { audit, again, tamper } = await tenRows();
    tamper(sql);
    const found = await audit.verify();
    expect(found).toMatchObject({ ok: false, problem });
    expect(found.problem?.message).toContain(words);
    // What was done is not covered by what is done next, nor by a restart.
    audit.append(entry());
    const later = await again();
    later.append(entry());
    expect((await later.verify()).ok).toBe(false);
    const { seq } = later.list({ limit: 1 })[0] ?? { seq: 0 };
    expect(seq).toBeGreaterThan(10);
  });

  it('takes no row of the old kind after one that has the key, though its hash be right', async () => {
    const { audit, tamper } = await tenRows();
    const before = audit.list({ limit: 1 })[0]?.hash;
    const fields = [11, 0, 'local', 'x.y', 'z', 'ok', '', '{}'];
    const hash = createHash('sha256')
      .update(JSON.stringify([before, ...fields]))
      .digest('hex');
    tamper(`INSERT INTO audit VALUES (11, 0, 'local', 'x.y', 'z', 'ok', '', '{}', '${hash}')`);
    expect((await audit.verify()).problem).toMatchObject({ kind: 'altered', row: 11 });
  });

  it('is not fooled by whoever computes the whole chain anew without the key', async () => {
    const { audit, db, tamper } = await tenRows();
    const rows = db.prepare<[], unknown[]>('SELECT * FROM audit ORDER BY seq').raw().all();
    let before = '';
    const forged = rows.map((columns, index) => {
      const fields = index === 4 ? columns.with(2, 'local') : columns;
      const text = JSON.stringify([before, ...fields.slice(0, -1)]);
      before = createHash('sha256').update(text).digest('hex');
      return `UPDATE audit SET actor = '${fields[2]}', hash = '${before}' WHERE seq = ${index + 1};`;
    });
    tamper(`${forged.join('\n')} UPDATE audit_head SET hash = '${before}';`);
    expect(await audit.verify()).toMatchObject({ ok: false, problem: { kind: 'forged_head' } });
  });

  it('names the row that any change of any field was made to', async () => {
    const { audit, db, tamper } = await tenRows();
    const column = fc.constantFrom('actor', 'action', 'subject', 'outcome', 'origin', 'detail');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        column,
        fc.string(),
        async (seq, name, text) => {
          const at = `FROM audit WHERE seq = ${seq}`;
          const was = db.prepare<[], string>(`SELECT ${name} ${at}`).pluck().get() ?? '';
          fc.pre(was !== text);
          const put = (value: string) =>
            tamper(
              `UPDATE audit SET ${name} = CAST(x'${Buffer.from(value).toString('hex')}' AS TEXT) WHERE seq = ${seq}`,
            );
          put(text);
          expect((await audit.verify()).problem).toMatchObject({ kind: 'altered', row: seq });
          put(was);
          expect(await audit.verify()).toEqual(wellTen);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('looks at many rows piece by piece, and at none that are appended meanwhile', async () => {
    const { audit, db } = await openJournal();
    db.transaction(() => {
      for (let i = 0; i < 1999; i++) audit.append(entry());
    })();
    const found = audit.verify();
    const asked = audit.verify();
    audit.append(entry());
    expect(await found).toMatchObject({ ok: true, rows: 2000, first: 1, last: 2000 });
    expect(await asked).toBe(await found);
    expect(await audit.verify()).toMatchObject({ rows: 2001 });
  });
});

describe('the anchor', () => {
  it('is made once for rows of before there was one, and vouches for them from then on', async () => {
    const { db, again, keyPath, tamper } = await openJournal();
    await rm(keyPath);
    tamper('DELETE FROM audit; DELETE FROM audit_head');
    const old = new Audit({ db, clock: new ManualClock(noonMs) });
    for (let i = 0; i < 3; i++) old.append(entry());
    const audit = await again();
    audit.append(entry());
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 5, first: 1, last: 5 });
    expect(audit.list({ action: 'audit.anchor', limit: 2 })).toMatchObject([
      { seq: 4, outcome: 'ok', detail: { through: 3 } },
    ]);
    tamper("UPDATE audit SET actor = 'x' WHERE seq = 2");
    expect((await audit.verify()).problem).toMatchObject({ kind: 'altered', row: 2 });
  });

  it('survives a power cut at any point of being made', async () => {
    const { again, keyPath, db, tamper } = await openJournal();
    // Before the rows: the file is there under its first name.
    await rename(keyPath, `${keyPath}.new`);
    tamper('DELETE FROM audit; DELETE FROM audit_head');
    const second = await again();
    expect(await second.verify()).toMatchObject({ ok: true, rows: 1 });
    // After the rows, before the file has its name.
    await rename(keyPath, `${keyPath}.new`);
    const third = await again();
    expect(await third.verify()).toMatchObject({ ok: true, rows: 1 });
    expect(db.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(1);
  });

  it('says that rows cannot be vouched for when its key was lost', async () => {
    const { again, keyPath } = await tenRows();
    await rm(keyPath);
    const audit = await again();
    expect(audit.list({ limit: 1 })).toMatchObject([
      { action: 'audit.anchor', outcome: 'key_lost' },
    ]);
    expect((await audit.verify()).ok).toBe(false);
  });

  it('lies sealed, and goes with a new key file', async () => {
    const { audit, secrets, keyPath, again } = await tenRows();
    const before = await readFile(keyPath, 'utf8');
    expect(before).toMatch(/^hs1\./);
    secrets.register('audit', (reseal) => audit.reseal(reseal));
    await secrets.rotate();
    expect(await readFile(keyPath, 'utf8')).not.toBe(before);
    const later = await again();
    expect(await later.verify()).toEqual(wellTen);
  });

  it('is not needed where nobody asks for one', async () => {
    const db = openDatabase(join(await temporaryDirectory(), 'hearth.db'));
    migrate(db, migrations);
    const audit = new Audit({ db, clock: new ManualClock(noonMs) });
    audit.append(entry());
    audit.append(entry());
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 2, first: 1, last: 2 });
    db.close();
  });
});

describe('what is wrong', () => {
  it('is named one by one, and the rows between are proven', async () => {
    const { audit, tamper } = await tenRows();
    tamper("UPDATE audit SET actor = 'x' WHERE seq = 3; DELETE FROM audit WHERE seq IN (6, 10)");
    // Rows 3 and 7 are not proven; the last problem is the end.
    expect(await audit.verify()).toMatchObject({
      ok: false,
      rows: 6,
      first: 1,
      last: 9,
      problem: { kind: 'altered', row: 3 },
      problems: [
        { kind: 'altered', row: 3 },
        { kind: 'removed', from: 6, to: 6 },
        { kind: 'removed_at_end', last: 9, head: 10 },
      ],
    });
    audit.append(entry());
    // Row 11 says that there is a gap; row 12 is proven.
    expect(await audit.verify()).toMatchObject({ rows: 7, last: 12 });
  });

  it('is at most twenty things', async () => {
    const { audit, tamper } = await openJournal();
    for (let i = 0; i < 40; i++) audit.append(entry());
    tamper("UPDATE audit SET actor = 'x' WHERE seq > 10 AND seq < 40");
    const found = await audit.verify();
    expect(found.problems).toHaveLength(20);
    expect(found).toMatchObject({ rows: 12, last: 41 });
  });

  it.each([
    ["UPDATE audit SET actor = 'x' WHERE seq = 3", 'Row 3'],
    ['DELETE FROM audit WHERE seq = 10', 'Row 10 was removed'],
    ['DELETE FROM audit_head', 'seen at row 11'],
  ])('is told once, soon after the start, whatever was done: %s', async (sql, words) => {
    const { again, clock, tamper } = await tenRows();
    tamper(sql);
    const alerts: string[] = [];
    for (let i = 0; i < 3; i++) {
      const audit = await again();
      audit.onAlert.listen(({ message }) => alerts.push(message));
      expect(audit.state()).toBeUndefined();
      clock.advance(5000);
      await audit.verify();
      await Promise.resolve();
      expect(audit.state()).toMatchObject({ ok: false, message: expect.stringContaining(words) });
      await audit.stop();
    }
    expect(alerts).toEqual([expect.stringContaining(words)]);
  });

  it('is also that nothing keeps rows from being changed: that is put back and written down', async () => {
    const { db, again } = await tenRows();
    db.exec('DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_head_stays');
    db.exec('CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head BEGIN SELECT 1; END');
    const audit = await again();
    expect(audit.list({ limit: 1 })).toMatchObject([
      {
        action: 'audit.unguarded',
        detail: { missing: ['audit_is_not_changed', 'audit_head_stays'] },
      },
    ]);
    expect(() => db.exec("UPDATE audit SET actor = 'x'")).toThrow('only appended to');
    expect(() => db.exec('DELETE FROM audit_head')).toThrow('only appended to');
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 11 });
  });
});
