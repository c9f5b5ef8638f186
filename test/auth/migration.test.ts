import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate, migrations, openDatabase } from '#db';
import { temporaryDirectory } from '../support/directory.ts';
import { cheapHash, openHouse, owner } from './house.ts';

const at = '2025-11-03T18:30:00.250Z';

/** The data directory of a hub from before migration 15, with an owner who is signed in. */
async function oldHome(email = owner.email): Promise<string> {
  const directory = await temporaryDirectory();
  const db = openDatabase(join(directory, 'hearth.db'));
  migrate(
    db,
    migrations.filter(({ id }) => id < 15),
  );
  db.prepare(`INSERT INTO people VALUES ('olive', 'Olive', ?, 0, NULL, 'owner', ?, ?)`).run(
    email,
    at,
    at,
  );
  db.prepare(
    `INSERT INTO accounts (id, person_id, account_id, provider_id, password, created_at, updated_at)
     VALUES ('olive', 'olive', 'olive', 'credential', ?, ?, ?)`,
  ).run(cheapHash, at, at);
  db.prepare(
    `INSERT INTO sessions VALUES ('s', 'olive', 'old-token', '2099-01-01T00:00:00.000Z',
       NULL, NULL, ?, ?)`,
  ).run(at, at);
  db.prepare(
    `INSERT INTO tokens (id, name, role, hash, created_at) VALUES ('t', 'ci', 'admin', 'h', ?)`,
  ).run(at);
  db.close();
  return directory;
}

describe('a hub of before', () => {
  it('keeps its owner, with the password', async () => {
    const house = await openHouse(await oldHome());
    expect(house.auth.setupCode()).toBeUndefined();
    expect(house.auth.people.list()).toEqual([
      {
        id: 'olive',
        name: 'Olive',
        email: owner.email,
        role: 'owner',
        state: 'active',
        hasPassword: true,
        createdAtMs: Date.parse(at),
        updatedAtMs: Date.parse(at),
      },
    ]);
    const { status, body } = await house.call('POST', '/auth/login', { body: owner });
    expect(status).toBe(200);
    expect(body.person).toMatchObject({ id: 'olive', role: 'owner' });
  });

  it('keeps its API tokens, which may all that their role may', async () => {
    const house = await openHouse(await oldHome());
    expect(house.auth.tokens.list()).toMatchObject([{ id: 't', scopes: undefined }]);
  });

  it('keeps no session, and no table of before', async () => {
    const house = await openHouse(await oldHome());
    const names = house.db
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
      .all()
      .map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['people', 'sessions', 'invitations', 'totp']));
    for (const gone of ['accounts', 'verifications', 'people_before']) {
      expect(names).not.toContain(gone);
    }
    expect(house.db.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 0 });
    expect(house.db.pragma('foreign_key_check')).toEqual([]);
    const cookie = 'hearth_session=old-token';
    expect((await house.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(401);
  });

  it('refuses a second person whose email differs by its case alone', async () => {
    const house = await openHouse(await oldHome('Owner@Home.example'));
    expect(house.auth.people.byEmail(owner.email)).toMatchObject({ id: 'olive' });
    const again = () =>
      house.db
        .prepare(`INSERT INTO people VALUES ('eve', 'Eve', ?, 'guest', NULL, 'active', 0, 0)`)
        .run('OWNER@home.example');
    expect(again).toThrow('UNIQUE');
  });
});
