import { describe, expect, it } from 'vitest';
import { HearthError } from '#kernel';
import { anna, type Household, openHousehold } from './household.ts';

const everything = ['plug', 'lamp', 'purifier', 'sensor'];

/** Makes a scene of `device action value` lines, `@` before a group's id. */
function scene({ groups }: Household, lines: readonly string[]): void {
  const commands = lines.map((line) => {
    const [target = '', action = '', value] = line.split(' ');
    return {
      ...(target.startsWith('@') ? { group_id: target.slice(1) } : { device_id: target }),
      action,
      ...(value !== undefined && { value: Number(value) }),
    };
  });
  groups.scenes.create({ name: 'Tested', commands }, anna);
}

describe('what a scene sends', () => {
  it.each([
    ['its commands, in their order', ['plug turnOn', 'lamp relay_off'], undefined],
    ['a group as its devices', ['@both turnOff'], ['plug turnOff', 'lamp turnOff']],
    ['the last word on a property', ['plug turnOn', 'plug relay_off'], ['plug relay_off']],
    [
      'the last word, though a group said the first',
      ['@both turnOn', 'plug turnOff'],
      ['lamp turnOn', 'plug turnOff'],
    ],
    [
      'the last word, though it is a group that says it',
      ['lamp turnOn', '@both turnOff'],
      ['plug turnOff', 'lamp turnOff'],
    ],
    [
      'a later value of the same action',
      ['purifier setFanSpeed 3', 'purifier setFanSpeed 0'],
      ['purifier setFanSpeed 0'],
    ],
    [
      'what the last word covers only half, before it',
      ['purifier setFanSpeed 3', 'purifier turnOff'],
      undefined,
    ],
    [
      'no word that a wider one covers',
      ['purifier turnOn', 'purifier setFanSpeed 3'],
      ['purifier setFanSpeed 3'],
    ],
    [
      'a toggle as a word on what it turns over',
      ['plug turnOn', 'plug relay_toggle'],
      ['plug relay_toggle'],
    ],
  ])('is %s', async (_what, lines, sent) => {
    const household = await openHousehold();
    household.groups.create({ name: 'Both', devices: ['plug', 'lamp'] }, anna);
    scene(household, lines);
    household.groups.scenes.run('tested', anna);
    expect(household.commands.sent).toEqual(sent ?? lines);
  });

  it('is every command that leaves nothing behind', async () => {
    const { groups, commands } = await openHousehold();
    const wanted = [{ a: 1 }, { b: 2 }].map((value) => ({
      device_id: 'sensor',
      action: 'setConfig',
      value,
    }));
    groups.scenes.create({ name: 'Set up', commands: wanted }, anna);
    groups.scenes.run('set-up', anna);
    expect(commands.requests.map(({ value }) => value)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('is handed over at once, to be written down together', async () => {
    const household = await openHousehold();
    household.groups.create({ name: 'All', devices: ['plug', 'lamp'] }, anna);
    scene(household, ['@all relay_on', 'purifier turnOn']);
    household.commands.refusing.set('lamp', new HearthError('conflict', 'the device is disabled'));
    const { commands, refused } = household.groups.scenes.run('tested', anna);
    expect(household.commands.batches).toEqual([3]);
    expect(commands.map(({ device_id }) => device_id)).toEqual(['plug', 'purifier']);
    expect(refused.map(({ device_id }) => device_id)).toEqual(['lamp']);
  });

  it('is one batch, from whoever ran it', async () => {
    const household = await openHousehold();
    scene(household, ['plug turnOn', 'lamp turnOn']);
    const run = household.groups.scenes.run('tested', anna, { expiresInMs: 60_000 });
    expect(household.commands.requests).toHaveLength(2);
    for (const request of household.commands.requests) {
      expect(request).toMatchObject({
        source: 'scene',
        batchId: run.batch_id,
        requestedBy: 'person:Anna',
        origin: '192.168.1.7',
        expiresInMs: 60_000,
      });
      expect(request.idempotencyKey).toBeUndefined();
    }
    expect(household.audited('scene.run')).toMatchObject([
      { actor: 'person:Anna', subject: 'scene:tested', detail: { batch_id: run.batch_id } },
    ]);
  });

  it('follows its group and the types as they are when it runs', async () => {
    const household = await openHousehold();
    const { groups, commands, devices } = household;
    groups.create({ name: 'Both', devices: ['plug'] }, anna);
    scene(household, ['@both relay_on', 'lamp relay_on']);
    groups.update('both', { devices: ['plug', 'purifier'] }, anna);
    devices.update('lamp', { type: 'sensor' });
    const run = groups.scenes.run('tested', anna);
    expect(commands.sent).toEqual(['plug relay_on']);
    expect(run.refused).toMatchObject([
      { device_id: 'purifier', code: 'unprocessable' },
      { device_id: 'lamp', code: 'unprocessable' },
    ]);
  });
});

describe('a command to a group', () => {
  it('goes to each device, by hand', async () => {
    const { groups, commands, audited } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp', 'plug'] }, anna);
    const run = groups.command('lights', { action: 'turnOn' }, anna);
    expect(commands.sent).toEqual(['lamp turnOn', 'plug turnOn']);
    expect(commands.requests).toMatchObject([{ source: 'manual' }, { source: 'manual' }]);
    expect(run).toMatchObject({ status: 'pending', refused: [] });
    expect(audited('group.command')).toMatchObject([{ subject: 'group:lights' }]);
  });

  it('does not stop at a device that refuses, for whatever reason', async () => {
    const { groups, commands } = await openHousehold();
    groups.create({ name: 'All', devices: everything }, anna);
    commands.refusing.set('plug', new HearthError('conflict', 'the device is disabled'));
    commands.refusing.set('lamp', new HearthError('too_many_requests', 'x'.repeat(900)));
    const run = groups.command('all', { action: 'turnOn' }, anna);
    expect(commands.sent).toEqual(['purifier turnOn']);
    expect(run.commands).toHaveLength(1);
    expect(run.refused.map(({ device_id, code }) => `${device_id} ${code}`).sort()).toEqual([
      'lamp too_many_requests',
      'plug conflict',
      'sensor unprocessable',
    ]);
    expect(run.refused.every(({ message }) => message.length <= 200)).toBe(true);
  });

  it('has failed when everyone refuses', async () => {
    const { groups, commands } = await openHousehold();
    groups.create({ name: 'All', devices: everything }, anna);
    const run = groups.command('all', { action: 'fly' }, anna);
    expect(run).toMatchObject({ status: 'failed', commands: [] });
    expect(run.refused).toHaveLength(4);
    expect(commands.sent).toEqual([]);
    expect(groups.batch(run.batch_id)).toEqual(run);
  });

  it('is refused when nobody is in it', async () => {
    const { groups, audited } = await openHousehold();
    groups.create({ name: 'None' }, anna);
    expect(() => groups.command('none', { action: 'turnOn' }, anna)).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
    expect(audited('group.command')).toEqual([]);
  });

  it('does not hide a bug behind a refusal', async () => {
    const { groups, commands } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    commands.refusing.set('lamp', new TypeError('broken'));
    expect(() => groups.command('lights', { action: 'turnOn' }, anna)).toThrow('broken');
  });
});

it('sends at most 500 commands at once', async () => {
  const { groups, commands, devices } = await openHousehold();
  const ids = Array.from({ length: 200 }, (_, i) => `plug-${i}`);
  for (const id of ids) devices.create({ id, type: 'plug' });
  groups.create({ name: 'Most', devices: ids }, anna);
  const twice = ['relay_off', 'relay_on'].map((action) => ({ group_id: 'most', action }));
  groups.scenes.create({ name: 'Blink', commands: twice }, anna);
  expect(groups.scenes.run('blink', anna).commands).toHaveLength(200);
  expect(new Set(commands.sent.map((line) => line.split(' ')[1]))).toEqual(new Set(['relay_on']));
  const thrice = [...twice, ...twice];
  expect(() => groups.scenes.create({ name: 'Blink more', commands: thrice }, anna)).toThrow(
    expect.objectContaining({ code: 'unprocessable' }),
  );
});

describe('the combined result', () => {
  async function lightsOn() {
    const household = await openHousehold();
    household.groups.create({ name: 'Lights', devices: ['lamp', 'plug'] }, anna);
    const run = household.groups.command('lights', { action: 'turnOn' }, anna);
    return { ...household, run };
  }

  it('follows the commands', async () => {
    const { groups, commands, run } = await lightsOn();
    commands.becomes('lamp', 'confirmed');
    expect(groups.batch(run.batch_id).status).toBe('pending');
    commands.becomes('plug', 'acknowledged');
    expect(groups.batch(run.batch_id)).toMatchObject({
      batch_id: run.batch_id,
      status: 'done',
      commands: [{ device_id: 'lamp', status: 'confirmed' }, { device_id: 'plug' }],
      refused: [],
    });
    commands.becomes('plug', 'timed_out');
    expect(groups.batch(run.batch_id).status).toBe('partly');
  });

  it('remembers over a restart who refused', async () => {
    const { groups, commands, reopen } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp', 'plug'] }, anna);
    commands.refusing.set('lamp', new HearthError('conflict', 'the device is disabled'));
    const { batch_id } = groups.command('lights', { action: 'turnOn' }, anna);
    commands.becomes('plug', 'confirmed');
    expect(reopen().batch(batch_id)).toMatchObject({
      status: 'partly',
      refused: [{ device_id: 'lamp', code: 'conflict', message: 'the device is disabled' }],
    });
  });

  it('can be waited for', async () => {
    const { groups, commands, run } = await lightsOn();
    const settled = groups.settled(run, 5000);
    commands.becomes('plug', 'rejected');
    commands.becomes('lamp', 'acknowledged');
    expect(await settled).toMatchObject({
      batch_id: run.batch_id,
      status: 'partly',
      commands: [{ status: 'acknowledged' }, { status: 'rejected' }],
    });
  });

  it('is waited for no longer than was asked', async () => {
    const { groups, commands, clock, run } = await lightsOn();
    const settled = groups.settled(run, 5000);
    clock.advance(2000);
    commands.becomes('lamp', 'acknowledged');
    await expect.poll(() => commands.waitsMs).toEqual([5000, 3000]);
    clock.advance(3000);
    expect(await settled).toMatchObject({
      status: 'pending',
      commands: [{ status: 'acknowledged' }, { status: 'sent' }],
    });
  });

  it('is told at once when nobody more may wait: the commands were sent', async () => {
    const { groups, commands, run } = await lightsOn();
    commands.whyNotWait = new HearthError('too_many_requests', 'many wait');
    expect(await groups.settled(run, 5000)).toEqual(run);
  });

  it('is not there for a batch of which nothing is known', async () => {
    const { groups } = await openHousehold();
    expect(() => groups.batch('nothing')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('is kept of the newest thousand runs', async () => {
    const { groups, db } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    db.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
      INSERT INTO batches SELECT n, 'batch-' || n, 'scene:old', '', NULL, '[{}]', 0 FROM numbers
    `);
    expect(groups.batch('batch-1').refused).toHaveLength(1);
    groups.command('lights', { action: 'turnOn' }, anna);
    expect(() => groups.batch('batch-1')).toThrow('nothing is kept');
    expect(groups.batch('batch-2').refused).toHaveLength(1);
    expect(db.prepare('SELECT count(*) AS n FROM batches').get()).toEqual({ n: 1000 });
  });
});

describe('an idempotency key', () => {
  const once = { idempotencyKey: 'tap-1' };

  it('makes a repeated run the same run', async () => {
    const household = await openHousehold();
    scene(household, ['plug turnOn', 'lamp turnOn']);
    const { groups, commands } = household;
    const run = groups.scenes.run('tested', anna, once);
    commands.becomes('plug', 'confirmed');
    expect(groups.scenes.run('tested', anna, once)).toMatchObject({
      batch_id: run.batch_id,
      commands: [{ status: 'confirmed' }, { status: 'sent' }],
    });
    expect(commands.sent).toHaveLength(2);
    expect(household.audited('scene.run')).toHaveLength(1);
  });

  it('sends only what was not sent the first time', async () => {
    const household = await openHousehold();
    scene(household, ['plug turnOn', 'lamp turnOn']);
    const { groups, commands } = household;
    commands.refusing.set('plug', new HearthError('too_many_requests', 'too many wait'));
    const { batch_id } = groups.scenes.run('tested', anna, once);
    commands.refusing.clear();
    expect(groups.scenes.run('tested', anna, once)).toMatchObject({ batch_id, refused: [] });
    expect(commands.sent).toEqual(['lamp turnOn', 'plug turnOn']);
    expect(groups.batch(batch_id).refused).toEqual([]);
  });

  it('stands for the same commands only', async () => {
    const { groups, commands } = await openHousehold();
    groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
    const run = groups.command('lights', { action: 'turnOn' }, anna, once);
    expect(() => groups.command('lights', { action: 'turnOff' }, anna, once)).toThrow(
      expect.objectContaining({ code: 'conflict', field: 'idempotencyKey' }),
    );
    expect(commands.sent).toEqual(['lamp turnOn']);
    expect(groups.batch(run.batch_id)).toEqual(run);
  });

  it('is good for one scene or group, and for a day', async () => {
    const household = await openHousehold();
    scene(household, ['plug turnOn']);
    const { groups, commands, clock } = household;
    groups.create({ name: 'Tested', devices: ['plug'] }, anna);
    groups.scenes.run('tested', anna, once);
    groups.command('tested', { action: 'turnOff' }, anna, once);
    expect(commands.sent).toEqual(['plug turnOn', 'plug turnOff']);
    clock.advance(86_400_001);
    groups.scenes.run('tested', anna, once);
    expect(commands.sent).toHaveLength(3);
  });
});
