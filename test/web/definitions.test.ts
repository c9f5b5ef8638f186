import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedState as expectedByTheHub } from '../../src/devices/definitions/effects.ts';
import { shipped } from '../../src/devices/definitions/shipped.ts';
import {
  askableActions,
  type Control,
  commandOf,
  commonDefinition,
  controlsOf,
  expectedState,
  lastingActions,
} from '../../web/src/definitions.ts';
import { command, stove, typeOf } from './types.ts';

const tell = (control: Control): string => {
  switch (control.kind) {
    case 'switch':
      return `switch ${control.property}: ${control.on}/${control.off}`;
    case 'options':
      return `options ${control.action.name} ${control.property}: ${control.options.join(' ')}`;
    default:
      return `${control.kind} ${control.action.name}`;
  }
};
const nameOf = ({ name }: { readonly name: string }) => name;

describe('the controls of a type', () => {
  it.each<[string, string[]]>([
    ['plug', ['switch relay_state: relay_on/relay_off']],
    ['purifier', ['switch powerOn: turnOn/turnOff', 'options setFanSpeed fanSpeed: 0 1 2 3 4 5']],
    ['sensor', []],
    ['lock', ['switch locked: lock/unlock']],
    ['reader', ['button beep']],
    ['camera', ['switch recording: recording_on/recording_off']],
    [
      'generic',
      [
        'switch powerOn: turnOn/turnOff',
        'switch relay_state: relay_on/relay_off',
        'options setFanSpeed fanSpeed: 0 1 2 3 4 5',
      ],
    ],
  ])('of a %s', (type, expected) => {
    expect(controlsOf(typeOf(type)).map(tell)).toEqual(expected);
  });

  it('fit the values that its actions take, and leave the settings out', () => {
    expect(controlsOf(stove).map(tell)).toEqual([
      'switch burning: light/put_out',
      'options setMode mode: eco boost',
      'form setTarget',
      'form show',
      'options childLock undefined: true false',
      'button beep',
    ]);
  });

  it('are to be filled in where the choices are too many', () => {
    const dimmer = {
      ...stove,
      actions: [
        {
          name: 'dim',
          label: 'Dim',
          value: { type: 'integer' as const, minimum: 0, maximum: 100 },
          sets: { brightness: { from: 'value' as const } },
        },
      ],
    };
    expect(controlsOf(dimmer).map(tell)).toEqual(['form dim']);
  });
});

describe('what can be asked for', () => {
  it('ahead of time is neither a toggle nor settings, and nothing twice', () => {
    expect(askableActions(typeOf('plug')).map(nameOf)).toEqual(['relay_on', 'relay_off']);
    expect(askableActions(typeOf('reader')).map(nameOf)).toEqual(['beep']);
  });

  it('for a while leaves a state behind', () => {
    expect(lastingActions(typeOf('reader'))).toEqual([]);
    expect(lastingActions(stove).map(nameOf)).toEqual(['light', 'put_out', 'setMode', 'setTarget']);
  });

  it('of a group is what all in it can', () => {
    const both = commonDefinition([typeOf('plug'), typeOf('purifier')]);
    expect(both?.actions.map(nameOf)).toEqual(['turnOn', 'turnOff', 'setConfig']);
    expect(both?.power).toBeDefined();
    expect(commonDefinition([typeOf('plug'), typeOf('lock')])?.power).toBeUndefined();
    expect(commonDefinition([])).toBeUndefined();
  });
});

describe('what an action leaves behind', () => {
  const actions = shipped.flatMap((definition) =>
    definition.actions.map(({ name }) => ({ definition, action: name })),
  );
  it('is to the dashboard what it is to the hub', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...actions),
        fc.constantFrom(0, 3, '2', true, 'auto', null, { a: 1 }),
        ({ definition, action }, value) => {
          expect(expectedState(definition, { action, value })).toEqual(
            expectedByTheHub(definition, { action, value }),
          );
        },
      ),
    );
  });
});

describe('the command of a control', () => {
  it('is the newest that has to do with it', () => {
    const definition = typeOf('purifier');
    const [power, fan] = controlsOf(definition);
    const faster = command({ id: 'c3', action: 'setFanSpeed', value: 3 });
    const off = command({ id: 'c2', action: 'turnOff' });
    const commands = [command({ id: 'c4', action: 'setConfig' }), faster, off];
    expect(power && commandOf(power, commands, definition)).toBe(faster);
    expect(fan && commandOf(fan, [off], definition)).toBeUndefined();
  });
});
