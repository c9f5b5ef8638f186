import { describe, expect, it } from 'vitest';
import { Audit } from '#audit';
import { entry, noonMs, openJournal } from './journal.ts';

const anchorRow = expect.objectContaining({ seq: 1, actor: 'hub', action: 'audit.anchor' });

describe('the audit', () => {
  it('shows what was appended, newest first, with its time in whole milliseconds', async () => {
    const { audit, clock } = await openJournal();
    audit.append(entry());
    clock.advance(1000);
    const detail = { from: 'off', to: ['on', 3], note: 'Küche "hell"' };
    audit.append(entry({ action: 'override.start', origin: '192.168.1.7', detail }));
    expect(audit.list({ limit: 10 })).toEqual([
      {
        ...entry({ action: 'override.start', origin: '192.168.1.7', detail }),
        seq: 3,
        atMs: noonMs + 1000,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      {
        ...entry({ origin: '', detail: {} }),
        seq: 2,
        atMs: noonMs,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      anchorRow,
    ]);
  });

  it.each([
    [{}, [7, 6, 5, 4, 3, 2]],
    [{ subject: 'device:plug' }, [6, 4, 2]],
    [{ actor: 'local' }, [7, 4]],
    [{ outcome: 'rejected' }, [7]],
    [{ action: 'command.settle' }, [7, 6, 5]],
    [{ action: 'command' }, [7, 6, 5, 4, 3, 2]],
    [{ action: 'command.' }, [7, 6, 5, 4, 3, 2]],
    [{ action: 'comm' }, []],
    [{ action: 'command.set' }, []],
    [{ subject: 'device:plug', action: 'command.settle' }, [6]],
    [{ before: 5 }, [4, 3, 2]],
    [{ subject: 'device:plug', before: 6 }, [4, 2]],
    [{ limit: 2 }, [7, 6]],
    [{ limit: 2, before: 6 }, [5, 4]],
    [{ subject: 'device:other' }, []],
    [{ sinceMs: noonMs + 3000 }, [7, 6, 5]],
    [{ untilMs: noonMs + 3000 }, [4, 3, 2]],
    [{ sinceMs: noonMs + 2000, untilMs: noonMs + 4000, actor: 'local' }, [4]],
    [{ subject: undefined, action: undefined, before: undefined }, [7, 6, 5, 4, 3, 2]],
  ])('asked for %o shows the rows %j', async (filter, expected) => {
    const { audit, clock } = await openJournal();
    for (let seq = 2; seq <= 7; seq++) {
      audit.append(
        entry({
          subject: seq % 2 === 0 ? 'device:plug' : 'device:lamp',
          action: seq <= 4 ? 'command.create' : 'command.settle',
          actor: seq % 3 === 1 ? 'local' : 'person:Anna',
          outcome: seq === 7 ? 'rejected' : 'ok',
        }),
      );
      clock.advance(1000);
    }
    const rows = audit.list({ limit: 100, ...filter }).filter(({ seq }) => seq > 1);
    expect(rows.map(({ seq }) => seq)).toEqual(expected);
  });

  it('keeps nothing of a change that is rolled back, and chains on from what is there', async () => {
    const { audit, db } = await openJournal();
    audit.append(entry());
    const change = db.transaction(() => {
      audit.append(entry({ outcome: 'never' }));
      throw new Error('the change failed');
    });
    expect(change).toThrow('the change failed');
    audit.append(entry());
    expect(audit.list({ limit: 2 }).map(({ seq, outcome }) => [seq, outcome])).toEqual([
      [3, 'ok'],
      [2, 'ok'],
    ]);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 3, first: 1, last: 3 });
  });

  it.each([
    'UPDATE audit SET outcome = 0 WHERE seq = 2',
    'UPDATE audit SET seq = 9 WHERE seq = 2',
    'DELETE FROM audit',
    'DELETE FROM audit WHERE seq = 3',
    "INSERT OR REPLACE INTO audit VALUES (2, 0, 'a', 'b', 'c', 'd', '', '{}', '')",
    'DELETE FROM audit_head',
    'UPDATE audit_head SET seq = 1',
    "INSERT INTO audit_checkpoint VALUES (1, 0, '', ''); DELETE FROM audit_checkpoint",
    "INSERT INTO audit_checkpoint VALUES (1, 2, '', ''); UPDATE audit_checkpoint SET seq = 0",
  ])('is only appended to: the database refuses %s', async (sql) => {
    const { audit, db } = await openJournal();
    audit.append(entry());
    audit.append(entry());
    expect(() => db.exec(sql)).toThrow('the audit is only appended to');
  });

  it('appends nothing before it has its key', async () => {
    const { db, clock, secrets, keyPath } = await openJournal();
    const audit = new Audit({ db, clock, anchor: { vault: secrets, keyPath } });
    expect(() => audit.append(entry())).toThrow('has not been started');
  });

  it('is small: two rows of a command take less than a kilobyte of disk', async () => {
    const { audit, db } = await openJournal();
    const bytes = () =>
      (db.pragma('page_count', { simple: true }) as number) *
      (db.pragma('page_size', { simple: true }) as number);
    const before = bytes();
    db.transaction(() => {
      for (let i = 0; i < 2000; i++) {
        const subject = `device:${i % 2 ? 'bedroom-purifier' : 'kitchen-plug'}`;
        const detail = { command_id: `01jq0000000000000000${i}`, action: 'setFanSpeed', value: 3 };
        audit.append(entry({ subject, origin: '192.168.1.7', detail }));
      }
    })();
    expect((bytes() - before) / 2000).toBeLessThan(500);
  });
});
