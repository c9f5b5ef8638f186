import { describe, expect, it } from 'vitest';
import type { Command, StateMap } from '../../web/src/control-wire.ts';
import { isMissed, isOpen } from '../../web/src/noteworthy.ts';
import { command, typeOf } from './types.ts';

const definition = typeOf('purifier');
const at = (time: string) => Date.parse(`2026-01-05T${time}Z`);
const acknowledged = { status: 'acknowledged', acknowledged_at: '2026-01-05T10:00:01Z' } as const;

describe('something is still to be seen', () => {
  it.each<[string, Partial<Command>, string, boolean]>([
    ['of one without an answer', {}, '10:00:05', true],
    ['of one whose report is awaited', acknowledged, '10:05:00', true],
    ['no more once the hub has stopped looking', acknowledged, '10:11:00', false],
    ['not of one that leaves nothing', { ...acknowledged, action: 'beep' }, '10:00:05', false],
    ['not of one that is contradicted', { ...acknowledged, error: 'off' }, '10:00:05', false],
    ['not of one that is confirmed', { status: 'confirmed' }, '10:00:05', false],
  ])('%s', (_, more, time, expected) => {
    expect(isOpen(command(more), definition, at(time))).toBe(expected);
  });
});

describe('a person is told that it came to nothing', () => {
  const timedOut = { status: 'timed_out' } as const;
  it.each<[string, Partial<Command>, StateMap, string, boolean]>([
    ['when nobody answered', timedOut, { powerOn: false }, '10:02:00', true],
    ['when nothing is known of the device', timedOut, {}, '10:02:00', true],
    ['unless it came to be so all the same', timedOut, { powerOn: 'on' }, '10:02:00', false],
    ['unless it is long ago', timedOut, { powerOn: false }, '11:01:00', false],
    [
      'when the device says one thing and does another',
      { ...acknowledged, error: 'the device reports powerOn false instead of true' },
      { powerOn: false },
      '10:02:00',
      true,
    ],
    ['not of what was called off', { status: 'cancelled' }, {}, '10:02:00', false],
    ['not of what is under way', {}, { powerOn: false }, '10:00:01', false],
  ])('%s', (_, more, state, time, expected) => {
    expect(isMissed(command(more), definition, state, at(time))).toBe(expected);
  });
});
