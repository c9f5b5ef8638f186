import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactedJson, redactedText } from '../../src/audit/redact.ts';
import { entry, openJournal } from './journal.ts';

const secretNames = [
  'password',
  'new_password',
  'currentPassword',
  'passphrase',
  'secret',
  'client_secret',
  'totp_secret',
  'key',
  'api_key',
  'apiKey',
  'X-API-Key',
  'private_key',
  'privateKeyPem',
  'code',
  'pairing_code',
  'recovery_codes',
  'token',
  'access_token',
  'refreshToken',
  'authorization',
  'cookie',
  'pem',
  'csr',
  'otp',
  'pin',
  'credential',
] as const;

describe('what is secret', () => {
  it('is in no row, wherever in the detail it stands', async () => {
    const { audit, db } = await openJournal();
    const secret = 'plum-kettle-orbit-9';
    const holding = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...secretNames).chain((name) =>
          fc.constantFrom<unknown>(secret, [secret], { value: secret }).map((value) => ({
            [name]: value,
          })),
        ),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'to', 'person', 'state'), tie('any'), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('x', 'y'), holding), (detail) => {
        audit.append(entry({ detail }));
        expect(JSON.stringify(audit.list({ limit: 1 }))).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
    expect(
      db.prepare('SELECT count(*) FROM audit WHERE detail LIKE ?').pluck().get(`%${secret}%`),
    ).toBe(0);
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  it.each(secretNames)('is cut out under the name %s', (name) => {
    expect(JSON.parse(redactedJson({ [name]: 'x1', a: [{ [name]: 7 }] }))).toEqual({
      [name]: '[redacted]',
      a: [{ [name]: '[redacted]' }],
    });
  });

  it.each([
    ['PEM', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE'],
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['a token of ours', 'hearth_3q2-7wXXu4FHJk2AbCdEfGh'],
    ['something sealed', 'hs1.abcdef01.AAAA'],
    ['a header', 'Bearer abc'],
    ['an address with a password', 'smtp://hub:pa55@mail.example'],
    ['a key of ours', 'q3J2-7wXXu4FHJk2AbCdEfGhIjKlMnOpQrStUvWxYz0'],
  ])('is cut out whatever it is called: %s', (_, text) => {
    expect(redactedJson({ note: text, list: [text] })).toBe(
      '{"note":"[redacted]","list":["[redacted]"]}',
    );
    expect(redactedText(text)).toBe('[redacted]');
  });
});

it.each([
  { token_id: 'a', token_name: 'car', key_id: 'b', fingerprint: 'AB:CD' },
  { public_key: 'MCowBQ', box_key: 'x', exit_code: 3, status_code: 404, error_code: 'conflict' },
  { has_password: true, code: null, mode: 'auto', hotplate: 'on', spin: 1200 },
  { command_id: '01jq7z', action: 'setFanSpeed', value: 3, devices: ['plug', 'lamp'] },
])('what is none stays: %j', (detail) => {
  expect(JSON.parse(redactedJson(detail))).toEqual(detail);
});

it('is short whatever is handed over', () => {
  expect(redactedJson({ text: 'x'.repeat(10_000) })).toBe('{"left_out_bytes":10011}');
  expect(redactedText('x'.repeat(10_000))).toHaveLength(300);
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 100; i++) deep = { deep };
  expect(redactedJson(deep).length).toBeLessThan(200);
});
