import { describe, expect, it } from 'vitest';
import type { Commands } from '#commands';
import { StrayShares } from '../../src/commands/stray-shares.ts';
import { ManualClock } from '../support/clock.ts';
import { type Desk, openDesk, startMs } from './desk.ts';

type Stray = Parameters<Parameters<Commands['onStrayAnswer']['listen']>[0]>[0];

function listenTo(desk: Desk): Stray[] {
  const strays: Stray[] = [];
  desk.commands.onStrayAnswer.listen((stray) => strays.push(stray));
  return strays;
}

describe('an answer that cannot be used', () => {
  it.each<[body: object | string, problem: string]>([
    ['garbage', 'the answer is not JSON'],
    [{ status: 'ok' }, 'the answer has no id'],
    [{ id: 'c1' }, 'does not say what became of it'],
    [{ id: 'nobody', status: 'ok' }, 'the device was sent no command "nobody"'],
  ])('%j is shown to whoever writes the firmware', async (body, problem) => {
    const desk = await openDesk();
    const strays = listenTo(desk);
    expect(desk.answer(body)).toBeUndefined();
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(strays).toEqual([
      {
        deviceId: 'fan',
        topic: 'devices/fan/ack',
        payload: Buffer.from(text),
        problem: expect.stringContaining(problem),
      },
    ]);
    expect(desk.commands.numbers().stray_answers).toBe(1);
  });

  it('of a command of another device is one', async () => {
    const desk = await openDesk();
    const strays = listenTo(desk);
    const { id } = desk.send('turnOn');
    desk.answer({ id, status: 'ok' }, 'plug');
    expect(strays).toMatchObject([{ deviceId: 'plug' }]);
    expect(desk.commands.get(id).status).toBe('sent');
  });

  it('is shown with its beginning, in bytes of its own', async () => {
    const desk = await openDesk();
    const strays = listenTo(desk);
    const payload = Buffer.from('x'.repeat(20_000));
    desk.commands.accept('fan')({
      identity: { kind: 'device', name: 'fan' },
      clientId: 'fan',
      topic: 'devices/fan/ack',
      payload,
      qos: 1,
      retain: false,
      duplicate: false,
      packetId: 1,
    });
    payload.fill(0);
    expect(strays[0]?.payload.toString()).toBe('x'.repeat(1024));
    expect(strays[0]?.problem).toContain('16 KB');
  });

  it('is shown five times a minute for each device', async () => {
    const desk = await openDesk();
    const strays = listenTo(desk);
    for (let i = 0; i < 100; i++) desk.answer('garbage');
    desk.answer('garbage', 'plug');
    const shown = () => strays.map(({ deviceId }) => deviceId).join(' ');
    expect(shown()).toBe('fan fan fan fan fan plug');
    desk.clock.advance(60_000);
    desk.answer('garbage');
    expect(shown()).toBe('fan fan fan fan fan plug fan');
    expect(desk.commands.numbers().stray_answers).toBe(102);
  });

  it('is remembered of a thousand devices, so that no number of them fills the memory', () => {
    const shares = new StrayShares(new ManualClock(startMs));
    const isShown = () => shares.take('fan');
    expect([1, 2, 3, 4, 5, 6].map(isShown)).toEqual([true, true, true, true, true, false]);
    for (let device = 1; device < 1000; device++) shares.take(`device ${device}`);
    expect(isShown()).toBe(false);
    shares.take('one more');
    expect(isShown()).toBe(true);
  });

  it('is neither a late nor a repeated one, nor one to a configuration', async () => {
    const desk = await openDesk();
    const strays = listenTo(desk);
    const { id } = desk.send('turnOn');
    desk.clock.advance(100_000);
    for (const _ of [1, 2, 3]) desk.answer({ id, status: 'ok' });
    desk.answer({ id: 'config-1', status: 'ok' });
    expect(strays).toEqual([]);
  });
});

it.each([
  ['service', 'bridge', 'service:bridge', 'fan'],
  ['device', 'fan', 'device:fan', undefined],
] as const)('an answer by the %s %s is audited as that', async (kind, name, actor, of) => {
  const desk = await openDesk();
  for (const [action, status] of [
    ['turnOn', 'ok'],
    ['setConfig', 'error'],
  ] as const) {
    const { id } = desk.send(action, action === 'setConfig' ? { value: {} } : {});
    desk.commands.accept('fan')({
      identity: { kind, name },
      clientId: name,
      topic: 'devices/fan/ack',
      payload: Buffer.from(JSON.stringify({ id, status })),
      qos: 1,
      retain: false,
      duplicate: false,
      packetId: 1,
    });
  }
  desk.clock.advance(50);
  const rows = desk.auditOf('command.settle') as { actor: string; detail: { for?: string } }[];
  expect(rows.map((row) => [row.actor, row.detail.for])).toEqual([
    [actor, of],
    [actor, of],
  ]);
});
