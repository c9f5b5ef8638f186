import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  actionsFor,
  agreement,
  checkAction,
  expectedState,
  type Scalar,
  type StateMap,
  type TypeDefinition,
} from '#devices';
import { generic, shipped } from '../../../src/devices/definitions/shipped.ts';

const typeNamed = (type: string): TypeDefinition =>
  shipped.find((definition) => definition.type === type) ?? generic;

/** Has an action that does too much, and one that does two things at once. */
const lamp: TypeDefinition = {
  ...generic,
  type: 'lamp',
  actions: [
    { name: 'party', label: 'Party', sets: { light: true, sound: true } },
    { name: 'light_on', label: 'Light', sets: { light: true } },
    { name: 'light_off', label: 'Dark', sets: { light: false } },
    {
      name: 'setMode',
      label: 'Mode',
      value: { type: 'choice', options: ['Warm', 'cold'] },
      sets: { mode: { from: 'value' } },
    },
  ],
  power: { property: 'light', on: 'light_on', off: 'light_off' },
};

const on = { action: 'turnOn' };
const off = { action: 'turnOff' };
const fan = (value: number): Action => ({ action: 'setFanSpeed', value });

it.each<[type: string, wanted: StateMap, reported: StateMap, actions: Action[]]>([
  ['plug', { relay_state: true }, { relay_state: true }, []],
  ['plug', { relay_state: true }, { relay_state: 'ON', power: 60 }, []],
  ['plug', { relay_state: true }, { relay_state: false }, [{ action: 'relay_on' }]],
  ['plug', { relay_state: false }, { relay_state: true }, [{ action: 'relay_off' }]],
  ['plug', { relay_state: true }, {}, [{ action: 'relay_on' }]],
  ['plug', { relay_state: false }, {}, [{ action: 'relay_off' }]],
  ['plug', { voltage: 230, firmware_version: '1' }, {}, []],
  ['plug', {}, { relay_state: true }, []],
  ['purifier', { powerOn: true, fanSpeed: 3 }, { powerOn: true, fanSpeed: 3 }, []],
  ['purifier', { powerOn: true, fanSpeed: 3 }, { powerOn: false, fanSpeed: 0 }, [fan(3)]],
  ['purifier', { powerOn: true, fanSpeed: 3 }, { powerOn: true, fanSpeed: 1 }, [fan(3)]],
  ['purifier', { powerOn: true, fanSpeed: '3' }, { powerOn: true, fanSpeed: 1 }, [fan(3)]],
  ['purifier', { powerOn: true, fanSpeed: 3 }, {}, [fan(3)]],
  ['purifier', { powerOn: true, fanSpeed: 3 }, { powerOn: false, fanSpeed: 3 }, [on]],
  ['purifier', { powerOn: true }, { powerOn: false, fanSpeed: 2 }, [on]],
  ['purifier', { fanSpeed: 4 }, { powerOn: true, fanSpeed: 2 }, [fan(4)]],
  ['purifier', { powerOn: false, fanSpeed: 0 }, { powerOn: true, fanSpeed: 5 }, [off]],
  ['purifier', { powerOn: false, fanSpeed: 2 }, { powerOn: true, fanSpeed: 5 }, [off]],
  ['purifier', { powerOn: false, fanSpeed: 2 }, { powerOn: false, fanSpeed: 0 }, []],
  ['purifier', { powerOn: false }, {}, [off]],
  ['purifier', { powerOn: true, fanSpeed: 9 }, { powerOn: true, fanSpeed: 2 }, []],
  // It was on with its fan at rest; to us a fan at rest is off, so it is turned on after.
  ['purifier', { powerOn: true, fanSpeed: 0 }, { powerOn: true, fanSpeed: 5 }, [fan(0), on]],
  [
    'generic',
    { relay_state: true, fanSpeed: 3, powerOn: true },
    {},
    [fan(3), { action: 'relay_on' }],
  ],
  ['lock', { locked: true, battery: 80 }, { locked: false, battery: 79 }, [{ action: 'lock' }]],
  ['sensor', { temperature: 20 }, { temperature: 21 }, []],
])('brings a %s to %j from %j', (type, wanted, reported, actions) => {
  expect(actionsFor(typeNamed(type), wanted, reported)).toStrictEqual(actions);
});

it.each<[wanted: StateMap, reported: StateMap, actions: string[]]>([
  [{ light: true, sound: true }, {}, ['party']],
  [{ light: true }, { light: false }, ['light_on']],
  [{ light: true, sound: false }, { light: false, sound: false }, ['light_on']],
  [{ light: true, mode: 'warm' }, { mode: 'cold' }, ['light_on', 'setMode']],
  [{ light: false, mode: 'warm' }, { light: true, mode: 'cold' }, ['light_off']],
])('does no more than is wanted: %j from %j', (wanted, reported, actions) => {
  expect(actionsFor(lamp, wanted, reported).map(({ action }) => action)).toEqual(actions);
});

it('gives a choice as the type spells it', () => {
  expect(actionsFor(lamp, { mode: 'warm' }, {})).toEqual([{ action: 'setMode', value: 'Warm' }]);
});

describe.each(shipped.map((definition) => [definition.type, definition] as const))(
  'for a %s, whatever is wanted and reported',
  (_, definition) => {
    const { power } = definition;
    const settable = [
      ...new Set(definition.actions.flatMap(({ sets }) => Object.keys(sets ?? {}))),
    ];
    const someValue = (name: string): fc.Arbitrary<Scalar> =>
      name === 'fanSpeed' ? fc.integer({ min: 0, max: 5 }) : fc.boolean();
    const some = fc.record(Object.fromEntries(settable.map((name) => [name, someValue(name)])), {
      requiredKeys: [],
    }) as fc.Arbitrary<Record<string, Scalar>>;
    const measured = fc.record({ temperature: fc.integer(), power: fc.integer() });

    it('the actions are allowed, and their effects bring about what is wanted', () => {
      fc.assert(
        fc.property(some, some, measured, (wanted, reported, more) => {
          const actions = actionsFor(definition, { ...more, ...wanted }, reported);
          let state: StateMap = reported;
          for (const action of actions) {
            expect(checkAction(definition, action)).toEqual(action);
            state = { ...state, ...expectedState(definition, action) };
          }
          const isOff = power !== undefined && wanted[power.property] === false;
          const due = isOff ? { [power.property]: false } : wanted;
          if (Object.keys(due).length > 0) expect(agreement(due, state)).toBe('agrees');
        }),
      );
    });

    it('nothing is done twice, nothing when nothing differs, and nothing more for a second time', () => {
      fc.assert(
        fc.property(some, some, (wanted, reported) => {
          const actions = actionsFor(definition, wanted, reported);
          const names = actions.map(({ action }) => action);
          expect(new Set(names).size).toBe(names.length);
          const differing = settable.filter(
            (name) => Object.hasOwn(wanted, name) && wanted[name] !== reported[name],
          );
          if (differing.length === 0) expect(actions).toEqual([]);
          // Only a fan at rest in a device that is on takes one more.
          const atRest = wanted.powerOn === true && wanted.fanSpeed === 0;
          expect(actions.length).toBeLessThanOrEqual(differing.length + (atRest ? 1 : 0));
          const effects = actions.map((action) => expectedState(definition, action));
          const after: StateMap = Object.assign({}, reported, ...effects);
          expect(actionsFor(definition, wanted, after)).toEqual([]);
        }),
      );
    });
  },
);
