import { describe, expect, it } from 'vitest';
import { type Entry, joinLink, parseEntry, resetLink } from '../../web/src/entry.ts';

describe('what a link brought somebody here for', () => {
  it.each<[string, Entry]>([
    ['', { page: 'sign-in', problem: undefined }],
    ['#/devices/kettle', { page: 'sign-in', problem: undefined }],
    ['#/sign-in?problem=not_linked', { page: 'sign-in', problem: 'not_linked' }],
    ['#/join?invitation=k7qm-2fxp', { page: 'join', invitation: 'k7qm-2fxp' }],
    ['#/join', { page: 'join', invitation: '' }],
    ['#/reset?code=a%26b', { page: 'reset', code: 'a&b' }],
    ['#/forgotten', { page: 'forgotten' }],
  ])('is read from %j', (fragment, entry) => {
    expect(parseEntry(fragment)).toEqual(entry);
  });

  it('is found again in the links that are handed out', () => {
    const page = new URL('https://hub.local:8443/#/people');
    const code = 'a b&c?d';
    expect(joinLink(page, code)).toMatch(/^https:\/\/hub\.local:8443\/#\//);
    expect(parseEntry(new URL(joinLink(page, code)).hash)).toEqual({
      page: 'join',
      invitation: code,
    });
    expect(parseEntry(new URL(resetLink(page, code)).hash)).toEqual({ page: 'reset', code });
  });
});
