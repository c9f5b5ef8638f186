import { describe, expect, it } from 'vitest';
import type { TypeDefinition } from '#devices';
import { checkDefinition } from '../../../src/devices/definitions/check-definition.ts';
import {
  deviceTypeChange,
  type NewDeviceType,
  newDeviceType,
} from '../../../src/devices/definitions/schema.ts';
import { shipped } from '../../../src/devices/definitions/shipped.ts';
import { openHouse } from '../../http/house.ts';
import { openHome } from '../home.ts';

const heater = {
  type: 'heater',
  label: 'Heater',
  actions: [
    { name: 'heat', label: 'Heat', sets: { heating: true } },
    { name: 'rest', label: 'Rest', sets: { heating: false } },
    { name: 'switchOver', label: 'Switch over', toggles: 'heating' },
    {
      name: 'setTarget',
      label: 'Set temperature',
      value: { type: 'number', minimum: 5, maximum: 30, unit: '°C' },
      sets: { target: { from: 'value' }, heating: { above_zero: 'value' } },
    },
  ],
  metrics: [{ name: 'target', label: 'Target', unit: '°C' }],
  power: { property: 'heating', on: 'heat', off: 'rest' },
  retry: { attempts: 5, interval_seconds: 10 },
} satisfies NewDeviceType;

it('tells who listens of the types of the owner', async () => {
  const { devices } = await openHome();
  const told: string[] = [];
  devices.definitions.onChange.listen(({ change, definition }) =>
    told.push(`${change} ${definition.type} ${definition.label}`),
  );
  devices.definitions.add(heater, 'local');
  devices.definitions.put('heater', { ...heater, label: 'Stove' }, 'local');
  devices.definitions.remove('heater', 'local');
  expect(() => devices.definitions.remove('plug', 'local')).toThrow('comes with Hearth');
  expect(told).toEqual(['created heater Heater', 'updated heater Stove', 'removed heater Stove']);
});

describe('the types that come with Hearth', () => {
  it.each(shipped.map((definition) => [definition.type, definition] as const))(
    'include a %s, which keeps the rules it asks of others',
    (_, definition) => {
      expect(() => checkDefinition(definition)).not.toThrow();
      const { built_in, ...content } = definition;
      expect(built_in).toBe(true);
      expect(newDeviceType.parse(content)).toEqual(content);
      expect(definition.retry).toEqual({ attempts: 3, interval_seconds: 30 });
    },
  );

  it('are asked for by a device’s word, and every other word is generic', async () => {
    const { devices } = await openHome();
    devices.create({ id: 'plug', type: 'plug' });
    devices.create({ id: 'seed', type: 'temperature_sensor' });
    expect(devices.definitionOf('plug')).toMatchObject({ type: 'plug', label: 'Smart plug' });
    expect(devices.definitionOf('seed')).toMatchObject({
      type: 'generic',
      label: 'temperature_sensor',
    });
    devices.update('seed', { type: 'sensor' });
    expect(devices.definitionOf('seed').type).toBe('sensor');
    expect(devices.definitions.of('constructor').type).toBe('generic');
    expect(() => devices.definitionOf('nobody')).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
  });
});

describe('a type of the owner’s own', () => {
  it('is followed by the devices that carry its word, until it is removed', async () => {
    const { devices, db } = await openHome();
    devices.create({ id: 'stove', type: 'heater' });
    devices.definitions.add(heater, 'person:Anna');
    expect(devices.definitionOf('stove')).toEqual({ ...heater, built_in: false });
    devices.definitions.put('heater', { ...heater, label: 'Stove' }, 'person:Anna');
    expect(devices.definitionOf('stove').label).toBe('Stove');
    expect(devices.definitions.list().map(({ type }) => type)).toEqual([
      ...shipped.map(({ type }) => type),
      'heater',
    ]);
    devices.definitions.remove('heater', 'local');
    expect(devices.definitionOf('stove').type).toBe('generic');
    const rows = db
      .prepare(
        `SELECT actor, action, subject, detail FROM audit WHERE action LIKE 'type.%' ORDER BY seq`,
      )
      .raw();
    const actions = { actions: ['heat', 'rest', 'switchOver', 'setTarget'] };
    expect(rows.all()).toEqual([
      ['person:Anna', 'type.create', 'type:heater', JSON.stringify(actions)],
      ['person:Anna', 'type.update', 'type:heater', JSON.stringify(actions)],
      ['local', 'type.remove', 'type:heater', '{}'],
    ]);
  });

  it('is there after a restart', async () => {
    const { devices, directory } = await openHome();
    devices.definitions.add(heater, 'local');
    const again = (await openHome(directory)).devices;
    expect(again.definitions.get('heater')).toEqual({ ...heater, built_in: false });
  });

  it('that cannot be read any more is left out, and the hub starts', async () => {
    const { db, directory } = await openHome();
    db.prepare(`INSERT INTO device_types VALUES ('broken', '{"type":')`).run();
    const again = (await openHome(directory)).devices;
    expect(again.definitions.of('broken').type).toBe('generic');
  });

  it('is one of at most 100', async () => {
    const { definitions } = (await openHome()).devices;
    for (let i = 0; i < 100; i++) definitions.add({ ...heater, type: `heater-${i}` }, 'local');
    expect(() => definitions.add(heater, 'local')).toThrow(
      expect.objectContaining({ code: 'unprocessable', message: expect.stringContaining('100') }),
    );
    definitions.put('heater-7', heater7, 'local');
  });

  const heater7 = deviceTypeChange.parse({ label: 'Seven', actions: [] });

  it('does not stand where another is, nor where there is none', async () => {
    const { definitions } = (await openHome()).devices;
    const conflict = expect.objectContaining({ code: 'conflict', field: 'type' });
    expect(() => definitions.add({ ...heater, type: 'plug' }, 'local')).toThrow(conflict);
    expect(() => definitions.put('plug', heater7, 'local')).toThrow(conflict);
    expect(() => definitions.remove('generic', 'local')).toThrow(conflict);
    definitions.add(heater, 'local');
    expect(() => definitions.add(heater, 'local')).toThrow(conflict);
    const missing = expect.objectContaining({ code: 'not_found' });
    expect(() => definitions.put('oven', heater7, 'local')).toThrow(missing);
    expect(() => definitions.remove('oven', 'local')).toThrow(missing);
    expect(() => definitions.put('heater', { ...heater, type: 'oven' }, 'local')).toThrow(
      expect.objectContaining({ code: 'unprocessable', field: 'type' }),
    );
  });

  const [heat, rest, over, target] = heater.actions;
  const ranged = (value: object) => ({ ...target, value });
  it.each<[what: string, changes: object, field: string]>([
    ['a name twice', { actions: [heat, rest, heat] }, 'actions.2.name'],
    ['a metric twice', { metrics: [...heater.metrics, ...heater.metrics] }, 'metrics.1.name'],
    [
      'bounds the wrong way round',
      { actions: [heat, rest, ranged({ type: 'integer', minimum: 2, maximum: 1 })] },
      'actions.2.value.minimum',
    ],
    [
      'an option twice',
      { actions: [heat, rest, ranged({ type: 'choice', options: ['a', 'a'] })] },
      'actions.2.value.options',
    ],
    [
      'an effect of no value',
      { actions: [heat, rest, { ...over, toggles: undefined, sets: { a: { from: 'value' } } }] },
      'actions.2.sets.a',
    ],
    [
      'an object for a property',
      { actions: [heat, rest, ranged({ type: 'object' })] },
      'actions.2.sets.target',
    ],
    [
      'words that are above zero',
      { actions: [heat, rest, ranged({ type: 'text', max_length: 9 })] },
      'actions.2.sets.heating',
    ],
    [
      'more than 16 effects',
      {
        actions: [
          heat,
          rest,
          { ...over, toggles: undefined, sets: Object.fromEntries(many(17, (i) => [`p${i}`, 1])) },
        ],
      },
      'actions.2.sets',
    ],
    [
      'a toggle that nothing resolves',
      { actions: [heat, over], power: undefined },
      'actions.1.toggles',
    ],
    [
      'a toggle with a value',
      { actions: [heat, rest, { ...over, value: { type: 'boolean' } }] },
      'actions.2.value',
    ],
    [
      'a toggle with an effect',
      { actions: [heat, rest, { ...over, sets: { heating: true } }] },
      'actions.2.sets',
    ],
    ['power that is no action', { power: { ...heater.power, on: 'fly' } }, 'power.on'],
    ['power that takes a value', { power: { ...heater.power, on: 'setTarget' } }, 'power.on'],
    ['power the wrong way round', { power: { ...heater.power, off: 'heat' } }, 'power.off'],
    ['power of another property', { power: { ...heater.power, property: 'x' } }, 'power.on'],
    [
      'more than 32 KB',
      {
        metrics: many(128, (i) => ({
          name: `m${i}`,
          label: 'ü'.repeat(100),
          unit: 'ü'.repeat(16),
        })),
      },
      'actions',
    ],
  ])('is refused with %s', (_, changes, field) => {
    const definition = { ...newDeviceType.parse({ ...heater, ...changes }), built_in: false };
    expect(() => checkDefinition(definition as TypeDefinition)).toThrow(
      expect.objectContaining({ code: 'unprocessable', field }),
    );
  });

  it.each<[what: string, changes: object, path: string]>([
    ['a word with capitals', { type: 'Heater' }, 'type'],
    ['65 actions', { actions: many(65, (i) => ({ name: `a${i}`, label: 'A' })) }, 'actions'],
    [
      '129 metrics',
      { metrics: many(129, (i) => ({ ...heater.metrics[0], name: `m${i}` })) },
      'metrics',
    ],
    ['a name with a blank', { actions: [{ ...heat, name: 'heat up' }] }, 'actions.0.name'],
    ['a name of 65', { actions: [{ ...heat, name: 'x'.repeat(65) }] }, 'actions.0.name'],
    ['a property with a dot', { actions: [{ ...heat, sets: { 'a.b': 1 } }] }, 'actions.0.sets.a.b'],
    ['no attempts', { retry: { attempts: 0, interval_seconds: 30 } }, 'retry.attempts'],
    ['eleven attempts', { retry: { attempts: 11, interval_seconds: 30 } }, 'retry.attempts'],
    ['no interval', { retry: { attempts: 3, interval_seconds: 0 } }, 'retry.interval_seconds'],
    [
      'an interval over an hour',
      { retry: { attempts: 3, interval_seconds: 3601 } },
      'retry.interval_seconds',
    ],
    [
      'an infinite bound',
      { actions: [ranged({ type: 'number', minimum: 0, maximum: Infinity })] },
      'actions.0.value.maximum',
    ],
    [
      'half a whole number',
      { actions: [ranged({ type: 'integer', minimum: 0.5, maximum: 1 })] },
      'actions.0.value.minimum',
    ],
    ['a range unheard of', { actions: [ranged({ type: 'colour' })] }, 'actions.0.value.type'],
    ['a field unheard of', { colour: 'red' }, ''],
    ['the claim to be built in', { built_in: true }, 'built_in'],
  ])('is not read with %s', (_, changes, path) => {
    const result = newDeviceType.safeParse({ ...heater, ...changes });
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

it('shows, adds, replaces and removes types over REST', async () => {
  const { fromLan, as, devices } = await openHouse();
  const owner = as('owner');
  const send = (method: string, path: string, body?: object) =>
    fromLan(`/api/v1${path}`, {
      method,
      headers: { ...owner, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  devices.create({ id: 'stove', type: 'heater' });
  const before = await (await send('GET', '/devices/stove/type')).json();
  expect(before).toMatchObject({ type: 'generic', label: 'heater', built_in: true });

  const { metrics: _, retry: __, ...little } = heater;
  const added = await send('POST', '/device-types', little);
  expect(added.status).toBe(201);
  const shown = (await (await send('GET', '/device-types/heater')).json()) as TypeDefinition;
  expect(shown).toEqual({
    ...little,
    metrics: [],
    retry: { attempts: 3, interval_seconds: 30 },
    built_in: false,
  });
  // What was read can be sent back changed.
  const changed = await send('PUT', '/device-types/heater', { ...shown, label: 'Stove' });
  expect(await changed.json()).toMatchObject({ label: 'Stove' });
  expect(await (await send('GET', '/devices/stove/type')).json()).toMatchObject({ label: 'Stove' });

  const list = (await (await send('GET', '/device-types')).json()) as {
    device_types: TypeDefinition[];
  };
  expect(list.device_types.map(({ type }) => type)).toEqual([
    ...shipped.map(({ type }) => type),
    'heater',
  ]);

  const refused = await send('POST', '/device-types', {
    ...heater,
    type: 'oven',
    power: { property: 'heating', on: 'fly', off: 'rest' },
  });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ field: 'power.on' });
  expect((await send('PUT', '/device-types/heater', { ...little, type: 'oven' })).status).toBe(422);
  expect((await send('PUT', '/device-types/plug', { label: 'P', actions: [] })).status).toBe(409);
  expect((await send('DELETE', '/device-types/plug')).status).toBe(409);
  expect((await send('GET', '/device-types/oven')).status).toBe(404);
  expect((await send('DELETE', '/device-types/heater')).status).toBe(204);
  expect((await send('DELETE', '/device-types/heater')).status).toBe(404);
});

function many<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
