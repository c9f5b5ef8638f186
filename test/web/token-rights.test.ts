import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/auth/access.ts';
import { may } from '../../src/auth/access.ts';
import { rightsChoices, rightsOf, rightsWords, scopeChoices } from '../../web/src/token-rights.ts';

const caller = (
  role: 'service' | 'admin' | 'owner' | 'member' | 'guest',
  scopes?: readonly string[],
) =>
  ({
    kind: 'token',
    id: 't',
    name: 'screen',
    role,
    ...(scopes && { scopes: scopes as readonly Action[] }),
  }) as const;

describe('what a token may', () => {
  it.each([
    ['look', true, false, false],
    ['control', true, true, false],
    ['all', true, true, false],
    ['admin', true, true, true],
  ] as const)('as %s: see %j, control %j, change %j', (rights, sees, controls, changes) => {
    const { role, scopes } = rightsOf(rights, []);
    const token = caller(role, scopes);
    expect(may(token, 'devices.read')).toBe(sees);
    expect(may(token, 'devices.control')).toBe(controls);
    expect(may(token, 'devices.write')).toBe(changes);
    expect(may(token, 'self.read')).toBe(true);
  });

  it.each(scopeChoices.map(([scope]) => scope))('a program may be allowed %s', (scope) => {
    const { role, scopes } = rightsOf('own', [scope]);
    expect(may(caller(role, scopes), scope as Action)).toBe(true);
  });

  it('is said in words', () => {
    expect(rightsWords({ role: 'service', scopes: ['devices.read', 'self.read'] })).toBe(
      'See devices',
    );
    expect(rightsWords({ role: 'service', scopes: null })).toBe('All that a program may');
    expect(rightsWords({ role: 'admin', scopes: null })).toBe('As administrator');
    expect(rightsWords({ role: 'service', scopes: ['self.read'] })).toMatch(/^Nothing/);
    expect(rightsChoices.map(([rights]) => rights)).toContain('own');
  });
});
