import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Audit, type AuditEntry } from '#audit';
import { migrate, migrations, openDatabase } from '#db';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

const noonMs = Date.UTC(2026, 2, 1, 12);

const entry = (rest: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: 'person:Anna',
  action: 'command.create',
  subject: 'device:plug',
  outcome: 'ok',
  ...rest,
});

async function newAudit() {
  const db = openDatabase(join(await temporaryDirectory(), 'hearth.db'));
  onTestFinished(() => void db.close());
  migrate(db, migrations);
  const clock = new ManualClock(noonMs + 0.7);
  return { db, clock, audit: new Audit({ db, clock }) };
}

/** The hash of each row by what is written in the file, and the hash that is written. */
function hashesOf(db: Awaited<ReturnType<typeof newAudit>>['db']) {
  let before = '';
  return db
    .prepare<[], [...unknown[], string]>('SELECT * FROM audit ORDER BY seq')
    .raw()
    .all()
    .map((columns) => {
      const written = columns.at(-1) as string;
      const text = JSON.stringify([before, ...columns.slice(0, -1)]);
      before = written;
      return { written, computed: createHash('sha256').update(text).digest('hex') };
    });
}

describe('the audit', () => {
  it('shows what was appended, newest first, with its time in whole milliseconds', async () => {
    const { audit, clock } = await newAudit();
    audit.append(entry());
    clock.advance(1000);
    const detail = { from: 'off', to: ['on', 3], note: 'Küche "hell"' };
    audit.append(entry({ action: 'override.start', origin: '192.168.1.7', detail }));
    expect(audit.list({ limit: 10 })).toEqual([
      {
        ...entry({ action: 'override.start', origin: '192.168.1.7', detail }),
        seq: 2,
        atMs: noonMs + 1000,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      {
        ...entry({ origin: '', detail: {} }),
        seq: 1,
        atMs: noonMs,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it.each([
    [{}, [6, 5, 4, 3, 2, 1]],
    [{ subject: 'device:plug' }, [5, 3, 1]],
    [{ action: 'command.settle' }, [6, 5, 4]],
    [{ subject: 'device:plug', action: 'command.settle' }, [5]],
    [{ before: 4 }, [3, 2, 1]],
    [{ subject: 'device:plug', before: 5 }, [3, 1]],
    [{ limit: 2 }, [6, 5]],
    [{ limit: 2, before: 5 }, [4, 3]],
    [{ subject: 'device:other' }, []],
    [{ subject: undefined, action: undefined, before: undefined }, [6, 5, 4, 3, 2, 1]],
  ])('asked for %o shows the rows %j', async (filter, expected) => {
    const { audit } = await newAudit();
    for (let seq = 1; seq <= 6; seq++) {
      const subject = seq % 2 === 1 ? 'device:plug' : 'device:lamp';
      audit.append(entry({ subject, action: seq <= 3 ? 'command.create' : 'command.settle' }));
    }
    const rows = audit.list({ limit: 100, ...filter });
    expect(rows.map(({ seq }) => seq)).toEqual(expected);
  });

  it('chains its rows: each hash covers the row and the hash before it', async () => {
    const { audit, clock, db } = await newAudit();
    for (let i = 0; i < 20; i++) {
      audit.append(entry({ detail: { i, text: 'ä€𝄞"\\' }, origin: `10.0.0.${i}` }));
      clock.advance(i * 17);
    }
    const hashes = hashesOf(db);
    expect(hashes.length).toBe(20);
    for (const { written, computed } of hashes) expect(written).toBe(computed);
    expect(new Set(hashes.map(({ written }) => written)).size).toBe(20);
  });

  it.each([
    ['an outcome is changed', "UPDATE audit SET outcome = 'rejected' WHERE seq = 3", 3],
    ['a time is changed', 'UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 2', 2],
    ['a row is taken out', 'DELETE FROM audit WHERE seq = 3', 4],
  ])('shows where %s', async (_what, sql, seq) => {
    const { audit, db } = await newAudit();
    for (let i = 0; i < 5; i++) audit.append(entry());
    db.exec(sql);
    const rows = db.prepare<[], number>('SELECT seq FROM audit ORDER BY seq').pluck().all();
    const broken = hashesOf(db).findIndex(({ written, computed }) => written !== computed);
    expect(rows[broken]).toBe(seq);
  });

  it('keeps nothing of a change that is rolled back, and chains on from what is there', async () => {
    const { audit, db } = await newAudit();
    audit.append(entry());
    const change = db.transaction(() => {
      audit.append(entry({ outcome: 'never' }));
      throw new Error('the change failed');
    });
    expect(change).toThrow('the change failed');
    audit.append(entry());
    expect(audit.list({ limit: 10 }).map(({ seq, outcome }) => [seq, outcome])).toEqual([
      [2, 'ok'],
      [1, 'ok'],
    ]);
    for (const { written, computed } of hashesOf(db)) expect(written).toBe(computed);
  });

  it('goes on after a restart', async () => {
    const { audit, clock, db } = await newAudit();
    audit.append(entry());
    new Audit({ db, clock }).append(entry());
    expect(hashesOf(db).map(({ written, computed }) => written === computed)).toEqual([true, true]);
  });
});
