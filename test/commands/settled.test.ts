import { describe, expect, it } from 'vitest';
import { type Desk, openDesk } from './desk.ts';

/** Lets everything that was waited for go on, and says whether it is over. */
async function isOver(waiting: Promise<unknown>): Promise<boolean> {
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  return over;
}

describe('a wait for a command that leaves something behind', () => {
  it.each<[what: string, say: (desk: Desk) => void, status: string, error: string | null]>([
    ['reports it', (desk) => desk.reading({ fanSpeed: 5, powerOn: true }), 'confirmed', null],
    [
      'reports otherwise',
      (desk) => desk.reading({ fanSpeed: 2 }),
      'acknowledged',
      'the device reports fanSpeed 2 instead of 5',
    ],
  ])('goes on after the acknowledgment until the device %s', async (_, say, status, error) => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    const waiting = desk.commands.settled(id, 5000);
    desk.answer({ id, status: 'ok' });
    expect(await isOver(waiting)).toBe(false);
    desk.clock.advance(999);
    expect(await isOver(waiting)).toBe(false);
    say(desk);
    expect(await waiting).toMatchObject({ status, error });
  });

  it.each([
    [5000, 0, 1000],
    [5000, 3000, 1000],
    [5000, 4600, 400],
    [500, 0, 500],
  ])('of %i ms, answered after %i ms, ends %i ms later', async (withinMs, answeredMs, laterMs) => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    const waiting = desk.commands.settled(id, withinMs);
    desk.clock.advance(answeredMs);
    desk.answer({ id, status: 'ok' });
    await isOver(waiting);
    desk.clock.advance(laterMs - 1);
    expect(await isOver(waiting)).toBe(false);
    desk.clock.advance(1);
    expect((await waiting).status).toBe('acknowledged');
  });

  it('is over at the acknowledgment for whoever asks for no more', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    const waiting = desk.commands.settled(id, 5000, 'acknowledged');
    desk.answer({ id, status: 'ok' });
    expect((await waiting).status).toBe('acknowledged');
  });

  it('is for a second after the acknowledgment, not after the question', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(700);
    const waiting = desk.commands.settled(id, 5000);
    expect(await isOver(waiting)).toBe(false);
    desk.clock.advance(300);
    expect(await isOver(waiting)).toBe(true);
    expect(await isOver(desk.commands.settled(id, 5000))).toBe(true);
  });

  it('does not go on for one of which a newer one says otherwise', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    desk.answer({ id, status: 'ok' });
    desk.send('setFanSpeed', { value: 1 });
    expect(await isOver(desk.commands.settled(id, 5000))).toBe(true);
  });

  it('ends when the hub stops', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    const waiting = desk.commands.settled(id, 5000);
    desk.answer({ id, status: 'ok' });
    await desk.commands.stop();
    expect((await waiting).status).toBe('acknowledged');
  });
});

it('a wait for one that leaves nothing behind is over at the acknowledgment', async () => {
  const desk = await openDesk();
  const { id } = desk.send('setConfig', { value: { a: 1 } });
  const waiting = desk.commands.settled(id, 5000);
  desk.answer({ id, status: 'ok' });
  expect((await waiting).status).toBe('acknowledged');
});
