import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Action, expectedState, type StateMap, type TypeDefinition } from '#devices';
import { planOf } from '../../src/groups/plan.ts';

/** A type whose actions set one or more of three properties, each in its own way. */
const blinds: TypeDefinition = {
  type: 'blinds',
  label: 'Blinds',
  actions: [
    { name: 'open', label: 'Open', sets: { height: 100 } },
    { name: 'shade', label: 'Shade', sets: { height: 0, tilt: 45 } },
    {
      name: 'tilt',
      label: 'Tilt',
      value: { type: 'integer', minimum: 0, maximum: 90 },
      sets: { tilt: { from: 'value' } },
    },
    { name: 'away', label: 'Away', sets: { height: 0, tilt: 0, lamp: false } },
    { name: 'lamp', label: 'Lamp', value: { type: 'boolean' }, sets: { lamp: { from: 'value' } } },
  ],
  metrics: [],
  retry: { attempts: 3, interval_seconds: 30 },
  built_in: false,
};

const surroundings = { members: () => ['left', 'right'], definitionOf: () => blinds };
const action = fc.oneof(
  fc.record({ action: fc.constantFrom('open', 'shade', 'away'), value: fc.constant(null) }),
  fc.record({ action: fc.constant('tilt'), value: fc.nat(90) }),
  fc.record({ action: fc.constant('lamp'), value: fc.boolean() }),
);
const target = fc.constantFrom(
  { device_id: 'left', group_id: null },
  { device_id: 'right', group_id: null },
  { device_id: null, group_id: 'both' },
);
const scenes = fc.array(
  fc.tuple(target, action).map(([where, what]) => ({ ...where, ...what })),
  { maxLength: 12 },
);

const after = (actions: readonly Action[]): StateMap =>
  Object.assign({}, ...actions.map((one) => expectedState(blinds, one)));

it('leaves every device as all the commands one after another would, with no step too many', () => {
  fc.assert(
    fc.property(scenes, (commands) => {
      const { steps, refused } = planOf(commands, surroundings);
      expect(refused).toEqual([]);
      for (const device of ['left', 'right']) {
        const all = commands.filter(({ device_id }) => device_id === null || device_id === device);
        const sent = steps.filter(({ deviceId }) => deviceId === device);
        expect(after(sent)).toEqual(after(all));
        // Each step sets a property that no later one sets: there are three.
        expect(sent.length).toBeLessThanOrEqual(3);
      }
      expect(steps.map(({ index }) => index)).toEqual(
        steps.map(({ index }) => index).toSorted((left, right) => left - right),
      );
    }),
  );
});

it('lets no command that its device cannot do overrule one that it can', () => {
  const lamp = (value: boolean | number) =>
    ({ device_id: 'left', group_id: null, action: 'lamp', value }) as const;
  const { steps, refused } = planOf([lamp(true), lamp(7)], surroundings);
  expect(steps).toEqual([{ index: 0, deviceId: 'left', action: 'lamp', value: true }]);
  expect(refused).toMatchObject([{ device_id: 'left', code: 'unprocessable' }]);
});
