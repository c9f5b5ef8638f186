import { describe, expect, it } from 'vitest';
import {
  type Action,
  agreement,
  checkAction,
  expectedState,
  resolveToggle,
  type StateMap,
  type TypeDefinition,
} from '#devices';
import { shipped } from '../../../src/devices/definitions/shipped.ts';

const typeNamed = (type: string): TypeDefinition => {
  const found = shipped.find((definition) => definition.type === type);
  if (found === undefined) throw new Error(`no type ${type}`);
  return found;
};

/** A type with a value of every kind. */
const heater: TypeDefinition = {
  type: 'heater',
  label: 'Heater',
  actions: [
    {
      name: 'setTarget',
      label: 'Set',
      value: { type: 'number', minimum: 5, maximum: 30.5, unit: '°C' },
      sets: { target: { from: 'value' }, mode: 'manual' },
    },
    { name: 'setMode', label: 'Mode', value: { type: 'choice', options: ['eco', 'boost'] } },
    { name: 'setChild', label: 'Child lock', value: { type: 'boolean' } },
    { name: 'show', label: 'Show', value: { type: 'text', max_length: 8 } },
  ],
  metrics: [],
  retry: { attempts: 3, interval_seconds: 30 },
  built_in: false,
};

const nested = (levels: number): Record<string, unknown> =>
  levels === 1 ? {} : { in: nested(levels - 1) };
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

describe('an action', () => {
  it.each<[type: string, action: Action, checked: Action]>([
    ['plug', { action: 'relay_on' }, { action: 'relay_on' }],
    ['plug', { action: 'relay_on', value: null }, { action: 'relay_on' }],
    ['switch', { action: 'turnOff', value: undefined }, { action: 'turnOff' }],
    ['purifier', { action: 'setFanSpeed', value: 0 }, { action: 'setFanSpeed', value: 0 }],
    ['purifier', { action: 'setFanSpeed', value: 5 }, { action: 'setFanSpeed', value: 5 }],
    ['generic', { action: 'setFanSpeed', value: 3 }, { action: 'setFanSpeed', value: 3 }],
    ['sensor', { action: 'setConfig', value: {} }, { action: 'setConfig', value: {} }],
    ['reader', { action: 'beep' }, { action: 'beep' }],
    ['lock', { action: 'unlock' }, { action: 'unlock' }],
    ['camera', { action: 'recording_off' }, { action: 'recording_off' }],
  ])('of a %s may be %j', (type, action, checked) => {
    expect(checkAction(typeNamed(type), action)).toStrictEqual(checked);
  });

  it.each<[action: Action]>([
    [{ action: 'setTarget', value: 30.5 }],
    [{ action: 'setMode', value: 'eco' }],
    [{ action: 'setChild', value: false }],
    [{ action: 'show', value: 'eightchr' }],
  ])('takes what its range holds: %j', (action) => {
    expect(checkAction(heater, action)).toStrictEqual(action);
  });

  it.each<[type: string, action: Action, message: string]>([
    ['purifier', { action: 'setFanSpeed', value: 9 }, 'takes a whole number from 0 to 5, not 9'],
    ['purifier', { action: 'setFanSpeed', value: -1 }, 'takes a whole number from 0 to 5, not -1'],
    ['purifier', { action: 'setFanSpeed', value: 2.5 }, 'not 2.5'],
    ['purifier', { action: 'setFanSpeed', value: '3' }, 'not "3"'],
    ['purifier', { action: 'setFanSpeed', value: true }, 'not true'],
    ['purifier', { action: 'setFanSpeed', value: Number.NaN }, 'not NaN'],
    ['purifier', { action: 'setFanSpeed' }, 'needs a value: a whole number from 0 to 5'],
    ['plug', { action: 'relay_on', value: 1 }, 'relay_on takes no value, not 1'],
    ['plug', { action: 'relay_toggle', value: false }, 'relay_toggle takes no value, not false'],
    ['sensor', { action: 'setConfig', value: 'on' }, 'takes a JSON object of at most 16 KB'],
    ['sensor', { action: 'setConfig', value: [] as never }, 'not a list'],
    ['sensor', { action: 'setConfig' }, 'setConfig needs a value: a JSON object'],
    ['sensor', { action: 'setConfig', value: nested(9) }, 'an object of more than 8 levels'],
    ['sensor', { action: 'setConfig', value: ofBytes(16_385) }, 'an object of 17 KB'],
  ])('of a %s may not be %j', (type, action, message) => {
    expect(() => checkAction(typeNamed(type), action)).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        field: 'value',
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each<[action: Action, message: string]>([
    [{ action: 'setTarget', value: 31 }, 'setTarget takes a number from 5 to 30.5 °C, not 31'],
    [{ action: 'setMode', value: 'bost' }, 'setMode takes one of eco, boost, not "bost"'],
    [{ action: 'setChild', value: 1 }, 'setChild takes true or false, not 1'],
    [{ action: 'show', value: 'ninechars' }, 'show takes text of at most 8 characters'],
  ])('beyond its range is refused naming the range: %j', (action, message) => {
    expect(() => checkAction(heater, action)).toThrow(message);
  });

  it('is refused settings nested deeper than anyone could follow', () => {
    let value: Record<string, unknown> = {};
    for (let level = 0; level < 50_000; level++) value = { in: value };
    expect(() => checkAction(typeNamed('plug'), { action: 'setConfig', value })).toThrow(
      'an object of more than 8 levels',
    );
  });

  it('is given settings up to 16 KB and 8 levels', () => {
    for (const value of [nested(8), ofBytes(16_384)]) {
      expect(checkAction(typeNamed('plug'), { action: 'setConfig', value })).toHaveProperty(
        'value',
      );
    }
  });

  it('that a type does not have is answered with those it has', () => {
    expect(() => checkAction(typeNamed('purifier'), { action: 'turnoff' })).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        field: 'action',
        message:
          'a purifier has no action "turnoff"; it has turnOn, turnOff, setFanSpeed, setConfig',
        hint: 'Did you mean turnOff?',
      }),
    );
    expect(() => checkAction({ ...heater, type: 'oven', actions: [] }, { action: 'fly' })).toThrow(
      'an oven has no action "fly"; it has none',
    );
    for (const action of ['constructor', 'toString', '__proto__', ''])
      expect(() => checkAction(typeNamed('plug'), { action })).toThrow('has no action');
  });
});

describe('a toggle', () => {
  it.each<[reported: StateMap, action: string]>([
    [{ relay_state: true }, 'relay_off'],
    [{ relay_state: 'ON' }, 'relay_off'],
    [{ relay_state: 1 }, 'relay_off'],
    [{ relay_state: false }, 'relay_on'],
    [{ relay_state: 'off' }, 'relay_on'],
  ])('on a plug that says %j means %s', (reported, action) => {
    for (const type of ['plug', 'switch', 'generic']) {
      const resolved = resolveToggle(typeNamed(type), { action: 'relay_toggle' }, reported);
      expect(resolved).toStrictEqual({ action });
    }
  });

  it.each<[StateMap]>([[{}], [{ power: 0 }], [{ relay_state: 'jammed' }]])(
    'is refused when the state is not known: %j',
    (reported) => {
      expect(() => resolveToggle(typeNamed('plug'), { action: 'relay_toggle' }, reported)).toThrow(
        expect.objectContaining({
          code: 'conflict',
          field: 'action',
          message: expect.stringContaining('not known'),
          hint: 'Send relay_on or relay_off instead.',
        }),
      );
    },
  );

  it('is the only action that is changed', () => {
    const action = { action: 'setFanSpeed', value: 2 };
    expect(resolveToggle(typeNamed('purifier'), action, {})).toBe(action);
  });
});

it.each<[type: string, action: Action, state: StateMap]>([
  ['plug', { action: 'relay_on' }, { relay_state: true }],
  ['plug', { action: 'turnOn' }, { relay_state: true }],
  ['switch', { action: 'turnOff' }, { relay_state: false }],
  ['plug', { action: 'relay_toggle' }, {}],
  ['plug', { action: 'setConfig', value: { a: 1 } }, {}],
  ['purifier', { action: 'turnOn' }, { powerOn: true }],
  ['purifier', { action: 'setFanSpeed', value: 3 }, { fanSpeed: 3, powerOn: true }],
  ['purifier', { action: 'setFanSpeed', value: 0 }, { fanSpeed: 0, powerOn: false }],
  ['generic', { action: 'turnOn' }, { powerOn: true }],
  ['generic', { action: 'relay_on' }, { relay_state: true }],
  ['lock', { action: 'lock' }, { locked: true }],
  ['camera', { action: 'recording_on' }, { recording: true }],
  ['reader', { action: 'beep' }, {}],
  ['plug', { action: 'fly' }, {}],
])('leaves a %s after %j as %j', (type, action, state) => {
  expect(expectedState(typeNamed(type), action)).toStrictEqual(state);
});

it('gives a property a plain value of its own beside the action’s', () => {
  const action = { action: 'setTarget', value: 21.5 };
  expect(expectedState(heater, action)).toStrictEqual({ target: 21.5, mode: 'manual' });
});

it.each<[expected: StateMap, reported: StateMap, verdict: string]>([
  [{ relay_state: true }, { relay_state: true }, 'agrees'],
  [{ relay_state: true }, { relay_state: 1 }, 'agrees'],
  [{ relay_state: true }, { relay_state: 'on' }, 'agrees'],
  [{ relay_state: true }, { relay_state: ' ON ' }, 'agrees'],
  [{ relay_state: true }, { relay_state: 'true' }, 'agrees'],
  [{ relay_state: true }, { relay_state: '1' }, 'agrees'],
  [{ relay_state: false }, { relay_state: 'OFF' }, 'agrees'],
  [{ relay_state: false }, { relay_state: 0 }, 'agrees'],
  [{ relay_state: true }, { relay_state: false }, 'differs'],
  [{ relay_state: true }, { relay_state: 'yes?' }, 'differs'],
  [{ relay_state: false }, { relay_state: '' }, 'differs'],
  [{ relay_state: true }, { power: 7 }, 'unknown'],
  [{ fanSpeed: 3 }, { fanSpeed: '3' }, 'agrees'],
  [{ fanSpeed: 3 }, { fanSpeed: '3.0' }, 'agrees'],
  [{ fanSpeed: 3 }, { fanSpeed: 2 }, 'differs'],
  [{ fanSpeed: 3 }, { fanSpeed: '0x3' }, 'differs'],
  [{ mode: 'eco' }, { mode: 'Eco' }, 'agrees'],
  [{ mode: 'eco' }, { mode: 'boost' }, 'differs'],
  [{ powerOn: true, fanSpeed: 3 }, { powerOn: true }, 'unknown'],
  [{ powerOn: true, fanSpeed: 3 }, { powerOn: false }, 'differs'],
  [{ powerOn: true, fanSpeed: 3 }, { fanSpeed: 2 }, 'differs'],
  [{ powerOn: true, fanSpeed: 3 }, { powerOn: 1, fanSpeed: 3, voc: 9 }, 'agrees'],
  [{ constructor: 1 }, {}, 'unknown'],
  // Nothing is expected of a beep, and so nothing can show that it happened.
  [{}, { relay_state: true }, 'unknown'],
])('of %j and %j says: %s', (expected, reported, verdict) => {
  expect(agreement(expected, reported)).toBe(verdict);
});
