import { describe, expect, it } from 'vitest';
import { anna, openHousehold } from './household.ts';

const refused = (code: string, field?: string) =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) });

describe('a group', () => {
  it.each([
    ['Downstairs', 'downstairs'],
    ['Küche & Bad', 'kuche-bad'],
    ['浴室', 'group'],
    [`${'a'.repeat(39)} b`, 'a'.repeat(39)],
  ])('%j is called %j', async (name, id) => {
    const { groups } = await openHousehold();
    expect(groups.create({ name }, anna).id).toBe(id);
  });

  it('has an id of its own when another name reads the same', async () => {
    const { groups } = await openHousehold();
    expect(groups.create({ name: 'Wing A' }, anna).id).toBe('wing-a');
    expect(groups.create({ name: 'Wing-A' }, anna).id).toBe('wing-a-2');
  });

  it('keeps each of its devices once, in the order given, over a restart', async () => {
    const { groups, reopen } = await openHousehold();
    const group = groups.create({ name: 'All', devices: ['purifier', 'lamp', 'purifier'] }, anna);
    expect(group.devices).toEqual(['purifier', 'lamp']);
    expect(groups.members('all')).toEqual(['purifier', 'lamp']);
    expect(reopen().list()).toEqual([group]);
    const changed = groups.update('all', { devices: ['plug', 'lamp', 'purifier'] }, anna);
    expect(changed.devices).toEqual(['plug', 'lamp', 'purifier']);
    expect(reopen().get('all')).toEqual(changed);
  });

  it('is told of when it changes, and is in the audit with who did it', async () => {
    const { groups, groupChanges, audited } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    groups.update('lights', { name: 'Lamps' }, anna);
    groups.remove('lights', anna);
    expect(groupChanges).toMatchObject([
      { change: 'created', groupId: 'lights', group: { name: 'Lights', devices: ['lamp'] } },
      { change: 'updated', groupId: 'lights', group: { name: 'Lamps', devices: ['lamp'] } },
      { change: 'removed', groupId: 'lights', group: { name: 'Lamps' } },
    ]);
    for (const verb of ['create', 'update', 'remove']) {
      expect(audited(`group.${verb}`), verb).toMatchObject([
        {
          actor: 'person:Anna',
          origin: '192.168.1.7',
          subject: 'group:lights',
          outcome: 'ok',
          detail: { devices: ['lamp'] },
        },
      ]);
    }
    expect(groups.exists('lights')).toBe(false);
    expect(groups.list()).toEqual([]);
  });

  it('is as it was when its change cannot be written down', async () => {
    const { groups, db, groupChanges, reopen } = await openHousehold();
    const before = groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    db.exec('DROP TABLE audit');
    expect(() => groups.update('lights', { devices: [] }, anna)).toThrow();
    expect(groups.get('lights')).toEqual(before);
    expect(reopen().get('lights')).toEqual(before);
    expect(groupChanges).toHaveLength(1);
  });

  it('refuses a name that another has, in small or large letters', async () => {
    const { groups } = await openHousehold();
    groups.create({ name: 'Lights' }, anna);
    groups.create({ name: 'Fans' }, anna);
    expect(() => groups.create({ name: 'LIGHTS' }, anna)).toThrow(refused('conflict', 'name'));
    expect(() => groups.update('fans', { name: 'lights' }, anna)).toThrow(
      refused('conflict', 'name'),
    );
    expect(groups.update('fans', { name: 'FANS' }, anna).name).toBe('FANS');
  });

  it('refuses a device that is not there', async () => {
    const { groups } = await openHousehold();
    groups.create({ name: 'Lights' }, anna);
    const wrong = ['lamp', 'nobody'];
    expect(() => groups.create({ name: 'Fans', devices: wrong }, anna)).toThrow(
      refused('unprocessable', 'devices'),
    );
    expect(() => groups.update('lights', { devices: wrong }, anna)).toThrow(/"nobody"/);
    expect(groups.members('lights')).toEqual([]);
  });

  it('is not there once removed, nor before it is made', async () => {
    const { groups } = await openHousehold();
    for (const ask of [
      () => groups.get('none'),
      () => groups.members('none'),
      () => groups.update('none', {}, anna),
      () => groups.remove('none', anna),
      () => groups.command('none', { action: 'turnOn' }, anna),
    ]) {
      expect(ask).toThrow(refused('not_found'));
    }
  });

  it('loses a device that is removed, and says so', async () => {
    const { groups, devices, groupChanges, reopen } = await openHousehold();
    groups.create({ name: 'All', devices: ['plug', 'lamp'] }, anna);
    groups.create({ name: 'Fans', devices: ['purifier'] }, anna);
    groupChanges.length = 0;
    devices.remove('plug');
    expect(groups.members('all')).toEqual(['lamp']);
    expect(reopen().members('all')).toEqual(['lamp']);
    expect(groupChanges).toMatchObject([{ change: 'updated', groupId: 'all' }]);
    devices.create({ id: 'plug' });
    expect(groups.members('all')).toEqual(['lamp']);
  });

  it('stays while a scene or anyone else uses it', async () => {
    const household = await openHousehold();
    const { groups } = household;
    groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    const commands = [{ group_id: 'lights', action: 'turnOff' }];
    groups.scenes.create({ name: 'Good night', commands }, anna);
    expect(() => groups.remove('lights', anna)).toThrow(/scene "Good night"/);
    groups.scenes.remove('good-night', anna);
    household.guard = (id) => (id === 'lights' ? 'schedule "Evening"' : undefined);
    expect(() => groups.remove('lights', anna)).toThrow(refused('conflict'));
    expect(() => groups.remove('lights', anna)).toThrow(/schedule "Evening"/);
    household.guard = undefined;
    groups.remove('lights', anna);
    expect(groups.exists('lights')).toBe(false);
  });

  it('is one of 200 at most', async () => {
    const { groups } = await openHousehold();
    for (let i = 0; i < 200; i++) groups.create({ name: `Group ${i}` }, anna);
    expect(() => groups.create({ name: 'One more' }, anna)).toThrow(refused('unprocessable'));
  });
});
