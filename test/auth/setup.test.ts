import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type House, openHouse, owner } from './house.ts';

const attempt = (house: House, change: Record<string, unknown> = {}, from = '192.168.1.20') =>
  house.call('POST', '/setup', {
    body: { ...owner, code: house.auth.setupCode(), ...change },
    from,
  });

describe('before there is an owner', () => {
  it('says that it is needed, and for which home', async () => {
    const { status, body } = await (await openHouse()).call('GET', '/setup');
    expect([status, body]).toEqual([200, { needed: true, home: 'Elm Street 7', mail: false }]);
  });

  it('keeps its code to whoever reads the data directory, the same after a restart', async () => {
    const house = await openHouse();
    const code = house.auth.setupCode();
    expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$/);
    const path = join(house.directory, 'setup-code');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).trim()).toBe(code);
    expect((await house.restart()).auth.setupCode()).toBe(code);
  });

  it('makes a new code when the file was torn by a power cut', async () => {
    const house = await openHouse();
    await writeFile(join(house.directory, 'setup-code'), '');
    const after = await house.restart();
    expect(after.auth.setupCode()).toMatch(/^.{4}-.{4}$/);
    expect((await after.setUp()).status).toBe(201);
  });

  it('makes the owner and signs them in', async () => {
    const house = await openHouse();
    const { status, body, cookie, headers } = await house.setUp();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      token_type: 'bearer',
      expires_in: 1800,
      person: { name: owner.name, email: owner.email, role: 'owner', kind: 'person' },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    const me = await house.call('GET', '/auth/me', { headers: { cookie } });
    expect(me.body).toEqual(body.person);
  });

  it.each([
    ['in capitals', (code: string) => code.toUpperCase()],
    ['without the dash', (code: string) => code.replace('-', '')],
    ['with spaces', (code: string) => ` ${code.replace('-', ' - ')} `],
    [
      'with letters for the digits they look like',
      (code: string) => code.replace(/0/g, 'O').replace(/1/g, 'l'),
    ],
  ])('takes the code %s', async (_how, spell) => {
    const house = await openHouse();
    const code = spell(house.auth.setupCode() ?? '');
    expect((await attempt(house, { code })).status).toBe(201);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['9 characters', { password: 'kettle 99' }, 'has 9 characters; it needs 10'],
    ['129 characters', { password: 'kettle 99 '.repeat(13).slice(0, 129) }, 'is longer than 128'],
    ['what everyone tries', { password: 'Password123' }, 'everyone tries first'],
    ['one character over and over', { password: 'aaaaaaaaaaaa' }, 'repeats the same few'],
    ['the email', { password: 'OWNER@home.example' }, 'everyone knows about you'],
    ['the name of the home', { password: 'elm street 7' }, 'everyone knows about you'],
  ])('refuses a password of %s, and stays open', async (_what, change, message) => {
    const house = await openHouse();
    const { status, body } = await attempt(house, change);
    expect([status, body.field]).toEqual([400, 'password']);
    expect(body.message).toContain(message);
    expect((await house.setUp()).status).toBe(201);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an email that is none', { email: 'olive' }],
    ['no name', { name: ' ' }],
    ['a name of two lines', { name: 'Olive\nadmin' }],
    ['no password', { password: undefined }],
  ])('refuses %s', async (_what, change) => {
    const house = await openHouse();
    expect((await attempt(house, change)).status).toBe(400);
  });

  it('refuses a page of another site, whatever it knows', async () => {
    const house = await openHouse();
    const { status } = await house.call('POST', '/setup', {
      body: { ...owner, code: house.auth.setupCode() },
      headers: { origin: 'http://evil.example' },
    });
    expect(status).toBe(403);
  });

  it('lets five wrong codes a minute be tried, then makes each wait twice as long', async () => {
    const house = await openHouse();
    const waits: (string | null)[] = [];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        const { status, body } = await attempt(house, { code: 'zzzz-zzzz' });
        expect([status, body.field]).toEqual([403, 'code']);
      }
      // Not even the right one is looked at now.
      const blocked = await attempt(house);
      expect(blocked.status).toBe(429);
      waits.push(blocked.headers.get('retry-after'));
      house.clock.advance(Number(waits.at(-1)) * 1000);
    }
    expect(waits).toEqual(['60', '120', '240']);
    expect((await attempt(house)).status).toBe(201);
  });

  it('does not make anyone wait for what another address tried', async () => {
    const house = await openHouse();
    for (let i = 0; i < 6; i++) await attempt(house, { code: 'zzzz-zzzz' }, '192.168.1.66');
    expect((await attempt(house, {}, '192.168.1.66')).status).toBe(429);
    expect((await attempt(house, {}, '192.168.1.20')).status).toBe(201);
  });
});

describe('once there is an owner', () => {
  it('is over for good, the code with it', async () => {
    const house = await openHouse();
    const code = house.auth.setupCode();
    await house.setUp();
    expect(house.auth.setupCode()).toBeUndefined();
    expect(existsSync(join(house.directory, 'setup-code'))).toBe(false);
    for (const now of [house, await house.restart()]) {
      expect((await now.call('GET', '/setup')).body).toMatchObject({ needed: false });
      const again = await now.call('POST', '/setup', {
        body: { ...owner, email: 'other@home.example', code },
      });
      expect([again.status, again.body.code]).toEqual([410, 'gone']);
    }
  });

  it('has one owner, however many set it up at once', async () => {
    const house = await openHouse();
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => attempt(house, { email: `${name}@home.example` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 410, 410]);
    expect(house.db.prepare('SELECT count(*) AS n FROM people').get()).toEqual({ n: 1 });
  });

  it('forgets a code that a crash left behind', async () => {
    const house = await openHouse();
    await house.setUp();
    await writeFile(join(house.directory, 'setup-code'), 'k7qm-2fxp\n');
    const after = await house.restart();
    expect(after.auth.setupCode()).toBeUndefined();
    expect(existsSync(join(house.directory, 'setup-code'))).toBe(false);
  });
});
