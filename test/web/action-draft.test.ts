import { expect, it } from 'vitest';
import { draftFor, usualAction } from '../../web/src/action-draft.ts';
import { typeOf } from './types.ts';

it.each([
  ['generic', {}, { action: 'relay_on', value: '' }],
  ['generic', { fanSpeed: 2, fan_speed: 2 }, { action: 'setFanSpeed', value: '5' }],
  ['purifier', {}, { action: 'setFanSpeed', value: '5' }],
])('a %s that told of %j is offered %j for a while', (type, state, draft) => {
  expect(draftFor(usualAction(typeOf(type), state))).toEqual(draft);
});
