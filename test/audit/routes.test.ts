import { describe, expect, it } from 'vitest';
import { openHouse } from '../http/house.ts';
import { entry } from './journal.ts';

async function withRows(count: number) {
  const house = await openHouse();
  const { audit, clock } = house;
  house.db.transaction(() => {
    for (let i = 0; i < count; i++) {
      audit.append(entry({ subject: `device:d${i % 3}`, outcome: i % 2 ? 'ok' : 'refused' }));
    }
  })();
  clock.advance(3_600_000);
  audit.append(entry({ action: 'share.give' }));
  const headers = house.as('admin');
  const read = async (path: string) => house.fromLan(`/api/v1/audit${path}`, { headers });
  return { ...house, read };
}

describe('the audit over REST', () => {
  it.each([
    ['?action=command.create&subject=device:d1', 3],
    ['?action=command', 10],
    ['?action=share', 1],
    ['?outcome=refused', 5],
    ['?actor=person:Anna', 11],
    ['?actor=person:Anna&since=-30m', 1],
    ['?actor=person:Anna&until=-30m', 10],
    ['?actor=person:Anna&since=2026-03-01T08:00:00Z&until=2026-03-01T08:00:01Z', 10],
    ['?actor=person:Anna&limit=4', 4],
    ['?actor=person:Ben', 0],
  ])('answers %s with %i rows', async (query, count) => {
    const { read } = await withRows(10);
    const { rows } = (await (await read(query)).json()) as { rows: unknown[] };
    expect(rows).toHaveLength(count);
  });

  it('pages by the number of a row', async () => {
    const { read } = await withRows(10);
    const page = async (query: string) =>
      ((await (await read(query)).json()) as { rows: { seq: number }[] }).rows.map(
        ({ seq }) => seq,
      );
    const [newest = 0] = await page('?limit=1&actor=person:Anna');
    expect(await page(`?limit=3&before=${newest}`)).toEqual([newest - 1, newest - 2, newest - 3]);
  });

  it.each([
    ['?since=yesterday', 'since'],
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?actor=', 'actor'],
    ['/export?format=xml', 'format'],
  ])('refuses %s, naming %s', async (query, field) => {
    const { read } = await withRows(1);
    const response = await read(query);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field });
  });

  it('says whether it is whole', async () => {
    const { read, db } = await withRows(10);
    expect(await (await read('/verify')).json()).toMatchObject({ ok: true, first: 1 });
    db.exec('DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 1 WHERE seq = 5');
    expect(await (await read('/verify')).json()).toMatchObject({
      ok: false,
      problem: { kind: 'altered', row: 5, message: expect.stringContaining('Row 5') },
      problems: [{ row: 5 }],
    });
  });
});

describe('the export', () => {
  it('is CSV of every row, oldest first, however many there are, and leaves a row itself', async () => {
    const { read, audit } = await withRows(1700);
    const response = await read('/export?action=command');
    expect(response.headers.get('content-type')).toContain('text/csv');
    expect(response.headers.get('content-disposition')).toContain('attachment');
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toBe('seq,at,actor,action,subject,outcome,origin,detail,hash');
    expect(lines).toHaveLength(1 + 1700 + 1);
    const numbers = lines.slice(1, -1).map((line) => Number(line.split(',')[0]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(audit.list({ action: 'audit.export', limit: 2 })).toMatchObject([
      { actor: 'token:a admin', origin: '192.168.1.7', detail: { action: 'command' } },
    ]);
  });

  it.each([
    ['=HYPERLINK("http://evil.example")', `"'=HYPERLINK(""http://evil.example"")"`],
    ['+1+1', "'+1+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['|calc', "'|calc"],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['person:Anna', 'person:Anna'],
    ['Küche', 'Küche'],
  ])('holds no formula and no broken line: %j', async (subject, cell) => {
    const { read, audit } = await withRows(0);
    audit.append(entry({ action: 'x.y', subject }));
    const text = await (await read('/export?action=x.y')).text();
    expect(text).toContain(`,person:Anna,x.y,${cell},ok,,{},`);
  });

  it('is made as it is read, and ends when nobody reads on', async () => {
    const { read } = await withRows(3000);
    const reader = (await read('/export')).body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
  });
});
