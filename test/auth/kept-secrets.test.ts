import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { Secret, TOTP } from 'otpauth';
import { expect, it } from 'vitest';
import { addOwner, type House, openHouse, owner } from './house.ts';

/** Every secret that was typed or shown, and what became of it. */
class Confidant {
  readonly secrets = new Set<string>();

  keep(...values: unknown[]): void {
    for (const value of values) {
      const text = String(value);
      this.secrets.add(text);
      if (/^[0-9a-z]+(-[0-9a-z]+)+$/.test(text)) this.secrets.add(text.replaceAll('-', ''));
    }
  }
}

const wrongPassword = 'a wrong password of mine';

/** What people and programs do with secrets, in any order. */
const deeds: Readonly<Record<string, (house: House, kept: Confidant, n: number) => Promise<void>>> =
  {
    async signIn(house, kept) {
      const { body, cookie } = await house.call('POST', '/auth/login', { body: owner });
      kept.keep(body.access_token, body.refresh_token, cookie.split('=')[1]);
      const next = await house.call('POST', '/auth/refresh', {
        body: { refresh_token: body.refresh_token },
      });
      kept.keep(next.body.access_token, next.body.refresh_token);
      house.clock.advance(60_000);
      await house.call('POST', '/auth/refresh', { body: { refresh_token: body.refresh_token } });
    },
    async signInWrongly(house) {
      const body = { ...owner, password: wrongPassword, code: '913746' };
      await house.call('POST', '/auth/login', { body });
      await house.call('POST', '/auth/login', {
        body: { email: 'nobody@secret.example', password: wrongPassword },
      });
      house.clock.advance(60_000);
    },
    async invite(house, kept, n) {
      const { body } = await house.call('POST', '/people/invitations', {
        door: 'socket',
        body: { role: 'guest' },
      });
      kept.keep(body.code);
      await house.call('POST', '/auth/register', {
        body: {
          email: `guest${n}@home.example`,
          password: 'an oak in the west wind',
          name: 'Guest',
          invitation: body.code,
        },
      });
    },
    async resetPassword(house, kept) {
      const { body } = await house.call('POST', '/people/olive/reset-password', { door: 'socket' });
      kept.keep(body.code);
      const new_password = owner.password;
      await house.call('POST', '/auth/password/reset', { body: { code: body.code, new_password } });
    },
    async addApp(house, kept) {
      const { body } = await house.call('POST', '/auth/login', { body: owner });
      if (body.access_token === undefined) {
        await house.call('DELETE', '/people/olive/2fa', { door: 'socket' });
        return;
      }
      const bearer = String(body.access_token);
      const { password } = owner;
      const begun = await house.call('POST', '/auth/2fa/totp', { bearer, body: { password } });
      const secret = Secret.fromBase32(String(begun.body.secret));
      kept.keep(begun.body.secret, begun.body.uri, secret.hex);
      const code = new TOTP({ secret }).generate({ timestamp: house.clock.nowMs() });
      const confirmed = await house.call('POST', '/auth/2fa/totp/confirm', {
        bearer,
        body: { code },
      });
      const codes = confirmed.body.recovery_codes as string[];
      kept.keep(...codes);
      await house.call('POST', '/auth/login', { body: { ...owner, code: codes[0] } });
    },
    async makeToken(house, kept) {
      const made = await house.call('POST', '/tokens', {
        door: 'socket',
        body: { name: 'ci', role: 'service' },
      });
      kept.keep(made.body.token);
      await house.call('GET', '/auth/me', { bearer: String(made.body.token) });
    },
    async makeCredential(house, kept, n) {
      const made = await house.call('POST', '/credentials', {
        door: 'socket',
        body: { name: `plug${n}`, role: 'device' },
      });
      kept.keep(made.body.password);
      await house.auth.credentials.verify(`plug${n}`, String(made.body.password));
    },
  };

it('keeps no secret where it could be read: not in the audit, the log or the database', async () => {
  const names = Object.keys(deeds);
  const order = fc.shuffledSubarray(names, { minLength: 4 });
  await fc.assert(
    fc.asyncProperty(order, async (done) => {
      const house = await openHouse();
      const kept = new Confidant();
      const setupCode = house.auth.setupCode() ?? '';
      kept.keep(setupCode, owner.password, wrongPassword, 'an oak in the west wind', '913746');
      addOwner(house);
      for (const [n, name] of done.entries()) await deeds[name]?.(house, kept, n);
      house.clock.advance(600_000);
      await house.auth.stop();

      const files = ['hearth.db', 'hearth.db-wal'].map((name) => join(house.directory, name));
      const database = Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
      const audit = JSON.stringify(house.audited);
      expect(database.includes('olive')).toBe(true);
      expect(house.logged().length).toBeGreaterThan(0);
      expect(kept.secrets.size).toBeGreaterThan(5);
      for (const secret of kept.secrets) {
        expect(audit.includes(secret), `${secret} in the audit`).toBe(false);
        expect(house.logged().includes(secret), `${secret} in the log`).toBe(false);
        // Six digits turn up in any file now and then.
        if (secret.length > 8) {
          expect(database.includes(secret), `${secret} in the database`).toBe(false);
        }
      }
      expect(audit).not.toContain('@');
    }),
    { numRuns: 6 },
  );
}, 60_000);

it('writes the setup code nowhere but into its file', async () => {
  const house = await openHouse();
  const code = house.auth.setupCode() ?? '';
  await house.setUp();
  await house.auth.stop();
  expect(house.audited).toMatchObject([
    { action: 'person.join', detail: { role: 'owner' } },
    { action: 'auth.login', outcome: 'ok' },
  ]);
  expect(house.logged() + JSON.stringify(house.audited)).not.toContain(code);
  expect(house.logged()).not.toContain(owner.password);
});
