import { describe, expect, it } from 'vitest';
import {
  actionWords,
  commandSentence,
  doingWords,
  progressWords,
  requesterWords,
  stateMapWords,
  stateWords,
  statusWords,
} from '../../web/src/command-words.ts';
import type { Action, Command, StateMap } from '../../web/src/control-wire.ts';
import { command, stove, typeOf } from './types.ts';

const purifier = typeOf('purifier');

describe('an action in words', () => {
  it.each<[Action, string, string, string]>([
    [{ action: 'turnOn' }, 'turn on', 'turning on', 'on'],
    [
      { action: 'setFanSpeed', value: 3 },
      'set fan speed to 3',
      'setting fan speed to 3',
      'fan speed 3',
    ],
    [{ action: 'fly' }, '“fly”', '“fly”', '“fly”'],
    [{ action: 'fly', value: 'high' }, '“fly” to high', '“fly” to high', '“fly” to high'],
  ])('of a purifier: %j', (action, asked, doing, state) => {
    expect(actionWords(purifier, action)).toBe(asked);
    expect(doingWords(purifier, action)).toBe(doing);
    expect(stateWords(purifier, action)).toBe(state);
  });

  it('has the unit of its value', () => {
    const target = { action: 'setTarget', value: 21.5 };
    expect(actionWords(stove, target)).toBe('set target to 21.5\u00a0°C');
  });

  it('of a lock is what the door is then', () => {
    expect(stateWords(typeOf('lock'), { action: 'unlock' })).toBe('open');
  });

  it('does not need the type to be known yet', () => {
    expect(stateWords(undefined, { action: 'turnOn' })).toBe('“turnOn”');
  });
});

describe('a state in words', () => {
  it.each<[StateMap, string]>([
    [{ fanSpeed: 2, powerOn: true }, 'on, fan speed 2'],
    [{ fanSpeed: 2, powerOn: 'OFF' }, 'off'],
    [{ fanSpeed: 2 }, 'fan speed 2'],
    [{}, ''],
  ])('%j', (state, words) => {
    expect(stateMapWords(purifier, state)).toBe(words);
  });
});

describe('how a command stands', () => {
  const ack = { acknowledged_at: '2026-01-05T10:00:01Z' };
  it.each<[Partial<Command>, boolean, string]>([
    [
      { status: 'queued', sent_at: null },
      false,
      'Turning on… waiting, as the device is offline (try 1 of 3).',
    ],
    [
      { status: 'queued', sent_at: null, attempts: 0 },
      true,
      'Turning on… waiting, as the device does not listen for commands.',
    ],
    [{}, true, 'Turning on… sent, no answer yet.'],
    [
      { status: 'delivered', attempts: 2 },
      true,
      'Turning on… delivered, no answer yet (try 2 of 3).',
    ],
    [
      { ...ack, status: 'acknowledged' },
      true,
      'Turning on… acknowledged. The device has not reported it yet.',
    ],
    [
      { ...ack, status: 'acknowledged', action: 'setConfig' },
      true,
      'Done: change settings. The device acknowledged it.',
    ],
    [
      { ...ack, status: 'acknowledged', error: 'the device reports powerOn false instead of true' },
      true,
      'The device said yes to “turn on”, but: The device reports powerOn false instead of true.',
    ],
    [{ status: 'confirmed' }, true, 'Done: turn on. The device confirmed it.'],
    [
      { status: 'rejected', error: 'too hot' },
      true,
      'Could not turn on: the device refused. Too hot.',
    ],
    [
      { status: 'timed_out', error: 'no answer after 3 attempts' },
      true,
      'Could not turn on. No answer after 3 attempts.',
    ],
    [
      { status: 'expired', error: 'not sent before it expired' },
      true,
      'Could not turn on in time. Not sent before it expired.',
    ],
    [
      { status: 'cancelled', error: 'it was sent; the device may have acted on it' },
      true,
      'Called off: turn on. It was sent; the device may have acted on it.',
    ],
    [
      { status: 'cancelled', error: 'superseded by c9' },
      true,
      'Replaced by a newer command: turn on.',
    ],
  ])('%j', (more, isOnline, words) => {
    const around = { definition: purifier, isOnline };
    expect(commandSentence(command(more), around)).toBe(words);
  });

  it('is short where there is little room', () => {
    expect(progressWords(purifier, command({ status: 'queued' }))).toBe('Turning on… waiting');
    expect(progressWords(purifier, command({ status: 'delivered' }))).toBe('Turning on… delivered');
    expect(statusWords(command({ status: 'timed_out' }))).toBe('No answer');
    expect(statusWords(command({ status: 'cancelled' }))).toBe('Called off');
    expect(statusWords(command({ status: 'cancelled', error: 'superseded by c9' }))).toBe(
      'Replaced',
    );
  });
});

describe('who asked', () => {
  it.each<[Partial<Command>, string]>([
    [{}, 'asked by you'],
    [{ requested_by: 'person:Bo: the second' }, 'asked by Bo: the second'],
    [{ requested_by: 'token:car' }, 'asked by car'],
    [{ requested_by: 'local' }, 'asked by someone at the hub'],
    [{ source: 'scene' }, 'asked by you, with others'],
    [{ source: 'schedule', requested_by: 'hub' }, 'by a schedule'],
    [{ source: 'restore', requested_by: 'hub' }, 'to go back'],
  ])('%j', (more, words) => {
    expect(requesterWords(command(more), 'Ada')).toBe(words);
  });
});
