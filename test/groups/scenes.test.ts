import { describe, expect, it } from 'vitest';
import { anna, openHousehold } from './household.ts';

const goodNight = {
  name: 'Good night',
  commands: [
    { group_id: 'lights', action: 'turnOff' },
    { device_id: 'purifier', action: 'setFanSpeed', value: 1 },
  ],
};

async function withLights() {
  const household = await openHousehold();
  household.groups.create({ name: 'Lights', devices: ['lamp', 'plug'] }, anna);
  return household;
}

describe('a scene', () => {
  it('keeps its commands in their order, over a restart', async () => {
    const { groups, reopen } = await withLights();
    const scene = groups.scenes.create(goodNight, anna);
    expect(scene).toMatchObject({
      id: 'good-night',
      name: 'Good night',
      commands: [
        { device_id: null, group_id: 'lights', action: 'turnOff', value: null },
        { device_id: 'purifier', group_id: null, action: 'setFanSpeed', value: 1 },
      ],
    });
    expect(reopen().scenes.list()).toEqual([scene]);
    const commands = [
      { device_id: 'sensor', action: 'setConfig', value: { interval: 60, names: ['a'] } },
    ];
    const changed = groups.scenes.update('good-night', { name: 'Bed time', commands }, anna);
    expect(changed).toMatchObject({ id: 'good-night', name: 'Bed time', commands });
    expect(reopen().scenes.get('good-night')).toEqual(changed);
  });

  it.each([
    ['an action the type does not have', { device_id: 'sensor', action: 'turnOn' }, 'action'],
    ['a value out of range', { device_id: 'purifier', action: 'setFanSpeed', value: 6 }, 'value'],
    ['a missing value', { device_id: 'purifier', action: 'setFanSpeed' }, 'value'],
    ['a device that is not there', { device_id: 'nobody', action: 'turnOn' }, 'device_id'],
    ['a group that is not there', { group_id: 'nobody', action: 'turnOn' }, 'group_id'],
    ['what one of a group cannot do', { group_id: 'lights', action: 'lock' }, 'action'],
    [
      'a value that is too long',
      { device_id: 'sensor', action: 'setConfig', value: { text: 'ä'.repeat(2100) } },
      'value',
    ],
  ])('refuses %s, naming the command', async (_what, wrong, field) => {
    const { groups } = await withLights();
    const refusal = expect.objectContaining({
      code: 'unprocessable',
      field: `commands.1.${field}`,
      message: expect.stringContaining('commands.1'),
    });
    const right = { device_id: 'lamp', action: 'turnOn' };
    const commands = [right, wrong];
    expect(() => groups.scenes.create({ name: 'Wrong', commands }, anna)).toThrow(refusal);
    groups.scenes.create({ name: 'Right', commands: [right] }, anna);
    expect(() => groups.scenes.update('right', { commands }, anna)).toThrow(refusal);
    expect(groups.scenes.get('right').commands).toHaveLength(1);
  });

  it('names the range, and the device of a group', async () => {
    const { groups } = await withLights();
    groups.create({ name: 'Air', devices: ['purifier'] }, anna);
    const commands = [{ group_id: 'air', action: 'setFanSpeed', value: 9 }];
    expect(() => groups.scenes.create({ name: 'Storm', commands }, anna)).toThrow(
      /"purifier".*0.*5/,
    );
  });

  it('is told of and audited, without what it carries', async () => {
    const { groups, sceneChanges, audited } = await withLights();
    const commands = [{ device_id: 'sensor', action: 'setConfig', value: { wifi: 'sesame' } }];
    groups.scenes.create({ name: 'Set up', commands }, anna);
    groups.scenes.update('set-up', { name: 'Install' }, anna);
    groups.scenes.remove('set-up', anna);
    expect(sceneChanges.map(({ change, sceneId }) => `${change} ${sceneId}`)).toEqual([
      'created set-up',
      'updated set-up',
      'removed set-up',
    ]);
    for (const verb of ['create', 'update', 'remove']) {
      const rows = audited(`scene.${verb}`);
      expect(rows, verb).toMatchObject([
        { actor: 'person:Anna', subject: 'scene:set-up', detail: { commands: 1 } },
      ]);
      expect(JSON.stringify(rows)).not.toContain('sesame');
    }
    expect(() => groups.scenes.get('set-up')).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
  });

  it('refuses a name that another has', async () => {
    const { groups } = await withLights();
    groups.scenes.create(goodNight, anna);
    const again = { ...goodNight, name: 'GOOD NIGHT' };
    expect(() => groups.scenes.create(again, anna)).toThrow(
      expect.objectContaining({ code: 'conflict', field: 'name' }),
    );
  });

  it('loses the commands of a device that is removed, and says so', async () => {
    const { groups, devices, sceneChanges, reopen } = await withLights();
    groups.scenes.create(goodNight, anna);
    devices.remove('purifier');
    expect(groups.scenes.get('good-night').commands).toMatchObject([{ group_id: 'lights' }]);
    expect(reopen().scenes.list()).toEqual(groups.scenes.list());
    expect(sceneChanges.at(-1)).toMatchObject({ change: 'updated', sceneId: 'good-night' });
  });

  it('is one of 200 at most', async () => {
    const { groups } = await withLights();
    const commands = [{ device_id: 'lamp', action: 'turnOn' }];
    for (let i = 0; i < 200; i++) groups.scenes.create({ name: `Scene ${i}`, commands }, anna);
    expect(() => groups.scenes.create({ name: 'One more', commands }, anna)).toThrow(
      expect.objectContaining({ code: 'unprocessable' }),
    );
  });
});
