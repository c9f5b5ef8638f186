import { expect, it } from 'vitest';
import { entry, noonMs, openJournal } from './journal.ts';

const dayMs = 86_400_000;

async function withDays(days: number, rowsADay: number) {
  const journal = await openJournal({ retentionDays: 30 });
  const { audit, clock, db } = journal;
  for (let day = 0; day < days; day++) {
    db.transaction(() => {
      for (let i = 0; i < rowsADay; i++) audit.append(entry({ detail: { day } }));
    })();
    clock.step(noonMs + (day + 1) * dayMs);
  }
  return journal;
}

it('removes what is older than it is kept, in pieces, and what is left still verifies', async () => {
  const { audit, again, clock } = await withDays(40, 150);
  const later = await again();
  await audit.stop();
  expect(later.list({ limit: 1 })[0]?.action).not.toBe('audit.retain');
  clock.advance(60_000);
  const removed = 1 + 11 * 150;
  expect(later.list({ action: 'audit.retain', limit: 5 })).toMatchObject([
    { actor: 'hub', detail: { through: removed, rows: removed } },
  ]);
  expect(later.listAfter(0, {}, 1)).toMatchObject([{ seq: removed + 1, detail: { day: 11 } }]);
  expect(await later.verify()).toMatchObject({
    ok: true,
    rows: 29 * 150 + 1,
    first: removed + 1,
    last: 40 * 150 + 2,
  });
});

it('goes on every day, and never removes the last row', async () => {
  const { audit, clock } = await withDays(2, 1);
  for (let day = 0; day < 100; day++) {
    clock.advance(dayMs);
    // The daily look at all rows, which nothing is removed under, is over.
    expect(await audit.verify()).toMatchObject({ ok: true });
  }
  const rows = audit.list({ limit: 10 });
  expect(rows.length).toBeLessThan(4);
  expect(rows[0]).toMatchObject({ action: 'audit.retain' });
});

it('keeps old rows that somebody was at', async () => {
  const { audit, again, tamper } = await withDays(40, 2);
  await audit.stop();
  tamper("UPDATE audit SET actor = 'x' WHERE seq = 5");
  const later = await again();
  expect(await later.verify()).toMatchObject({ ok: false, problem: { kind: 'altered', row: 5 } });
});

it('still sees that rows are missing behind its checkpoint', async () => {
  const { audit, again, tamper } = await withDays(40, 2);
  await audit.stop();
  const later = await again();
  const first = later.listAfter(0, {}, 1)[0]?.seq ?? 0;
  expect(first).toBeGreaterThan(1);
  tamper(`DELETE FROM audit WHERE seq = ${first}`);
  expect((await later.verify()).problem).toMatchObject({ kind: 'removed', from: first, to: first });
});

it('is not held up by rows of a clock that was years ahead', async () => {
  const { audit, again, clock } = await withDays(1, 3);
  clock.step(noonMs + 9000 * dayMs);
  audit.append(entry());
  clock.step(noonMs + dayMs);
  audit.append(entry());
  clock.step(noonMs + 40 * dayMs);
  audit.append(entry());
  await audit.stop();
  const later = await again();
  expect(later.listAfter(0, {}, 1)).toMatchObject([{ seq: 7 }]);
});
