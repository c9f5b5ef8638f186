import { expect, it } from 'vitest';
import { localesOf } from '../../web/src/locale.ts';

it.each([
  [['en-US@posix'], undefined],
  [['C'], undefined],
  [[''], undefined],
  [[], undefined],
  [['en-US'], ['en-US']],
  [
    ['en-US@posix', 'de-DE', 'en'],
    ['de-DE', 'en'],
  ],
])('of the languages %j Intl gets %j', (languages, locales) => {
  expect(localesOf(languages)).toEqual(locales);
  expect(() => new Intl.NumberFormat(localesOf(languages))).not.toThrow();
});
