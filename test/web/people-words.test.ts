import { describe, expect, it } from 'vitest';
import { problemCodes } from '../../src/auth/oidc/problem.ts';
import { providerProblem } from '../../web/src/provider-problem.ts';
import { mayManage, rolesToGive } from '../../web/src/roles.ts';
import { browserWords } from '../../web/src/session-words.ts';
import { sharedHow, sharedWhat, targetOf } from '../../web/src/share-words.ts';

describe('a browser', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    ['curl/8.14.1', 'curl'],
    ['Mozilla/5.0', 'A browser'],
    ['', 'A browser'],
  ])('%s is called %s', (userAgent, words) => {
    expect(browserWords(userAgent)).toBe(words);
  });
});

describe('a role', () => {
  it('is given by those above it alone', () => {
    expect(rolesToGive('owner')).toContain('owner');
    expect(rolesToGive('admin')).toEqual(['guest', 'member']);
    expect(rolesToGive('member')).toEqual([]);
    expect(mayManage('admin', 'owner')).toBe(false);
    expect(mayManage('admin', 'guest')).toBe(true);
  });
});

describe('a share', () => {
  const devices = new Map([['kettle', { name: 'Kettle' }]]);
  const rooms = [{ id: 'r1', name: 'Loft' }];

  it('is told by name', () => {
    expect(sharedWhat({ device_id: 'kettle', room: null }, devices, rooms)).toBe('Kettle');
    expect(sharedWhat({ device_id: 'gone', room: null }, devices, rooms)).toBe('gone');
    expect(sharedWhat({ device_id: null, room: 'r1' }, devices, rooms)).toBe('Everything in Loft');
  });

  it('is told by how far it goes', () => {
    const nowMs = new Date(2026, 5, 1, 12).getTime();
    const until = new Date(2026, 5, 1, 20, 30).toISOString();
    expect(sharedHow({ access: 'read', until: null }, nowMs)).toBe('To look');
    expect(sharedHow({ access: 'control', until }, nowMs)).toMatch(/^To look and control, until /);
  });

  it.each([
    ['device:kettle', { device_id: 'kettle' }],
    ['device:a:b', { device_id: 'a:b' }],
    ['room:r1', { room: 'r1' }],
  ])('is chosen as %s', (text, target) => {
    expect(targetOf(text)).toEqual(target);
  });
});

it.each(['nonsense', ...problemCodes])(
  'the problem %s of a provider has words and a way on',
  (code) => {
    const { message, hint } = providerProblem(code);
    expect(message).toMatch(/\.$/);
    expect(hint).toMatch(/\.$/);
    const isKnown = code !== 'nonsense' && code !== 'internal';
    expect(message === providerProblem('nonsense').message).toBe(!isKnown);
  },
);
