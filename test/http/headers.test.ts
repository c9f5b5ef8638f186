import { expect, it } from 'vitest';
import { openHouse } from './house.ts';

const asked: readonly [string, Readonly<Record<string, unknown>>][] = [
  ['/', {}],
  ['/docs', {}],
  ['/trust', {}],
  ['/api/v1/devices', {}],
  ['/api/v1/nothing', {}],
  ['/openapi.json', {}],
  ['/nothing.js', {}],
  ['/health', {}],
  ['/trust', { headers: { host: 'evil.example' } }],
  ['/devices', { door: 'http' }],
];

it.each([
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=()'],
  // A home CA and programs on loopback share host names: HSTS would shut the latter out.
  ['strict-transport-security', null],
  ['x-powered-by', null],
  ['server', null],
  ['access-control-allow-origin', null],
])('every answer says %s: %s', async (name, value) => {
  const { fromLan } = await openHouse();
  for (const [path, init] of asked) {
    const { headers } = await fromLan(path, init);
    expect(headers.get(name), path).toBe(value);
  }
});

it.each([
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
])('every answer has the policy %s, and none that lets inline script in', async (directive) => {
  const { fromLan } = await openHouse();
  for (const [path, init] of asked) {
    const policy = (await fromLan(path, init)).headers.get('content-security-policy') ?? '';
    expect(policy.split('; '), path).toContain(directive);
    expect(policy, path).not.toMatch(/unsafe|\*|http:|script-src/);
  }
});

it('puts nothing of the host header into the policy that is no host', async () => {
  const { fromLan } = await openHouse();
  const { headers } = await fromLan('/', {
    headers: { host: "hub.local; script-src 'unsafe-inline'" },
  });
  expect(headers.get('content-security-policy')).not.toContain('unsafe');
});

it.each(['/', '/api/v1/devices', '/health', '/openapi.json', '/api/v1/nothing'])(
  'lets no cache keep %s',
  async (path) => {
    const { fromLan, as } = await openHouse();
    const { headers } = await fromLan(path, { headers: as('owner') });
    expect(headers.get('cache-control')).toMatch(/no-store|no-cache/);
  },
);
