import type {
  Action,
  ActionValue,
  Command,
  CommandStatus,
  StateMap,
  TypeDefinition,
} from './control-wire.ts';
import { actionOf, expectedState } from './definitions.ts';
import { sayState } from './metrics.ts';
import { sentence } from './problem.ts';
import { truthOf } from './truth.ts';

const underWay: readonly CommandStatus[] = ['queued', 'sent', 'delivered'];
const failed: readonly CommandStatus[] = ['rejected', 'expired', 'timed_out'];

/** Whether the device has yet to answer. */
export const isUnderWay = ({ status }: Command): boolean => underWay.includes(status);
/** Whether it came to nothing, and nobody wanted that. */
export const hasFailed = ({ status }: Command): boolean => failed.includes(status);

/** An action in words, as one would ask for it: `turn on`, `set fan speed to 3`. */
export function actionWords(definition: TypeDefinition | undefined, asked: Action): string {
  const known = definition && actionOf(definition, asked.action);
  const label = known?.label ?? asked.action;
  const words = known ? lowerFirst(label) : `“${label}”`;
  const { value } = asked;
  if (value === undefined || value === null) return words;
  const unit = known?.value && 'unit' in known.value ? (known.value.unit ?? '') : '';
  return `${words} to ${sayActionValue(value, unit)}`;
}

export function sayActionValue(value: ActionValue, unit = ''): string {
  if (value === null) return 'nothing';
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return unit === '' ? String(value) : `${value}\u00a0${unit}`;
}

/** What a device is told to be, for a sentence: `on`, `fan speed 3`; else what it is told to do. */
export function stateWords(definition: TypeDefinition | undefined, asked: Action): string {
  if (definition === undefined) return actionWords(definition, asked);
  const state = Object.entries(expectedState(definition, asked));
  const told = actionOf(definition, asked.action)?.sets ?? {};
  const own = state.filter(([name]) => {
    const effect = told[name];
    return typeof effect !== 'object' || 'from' in effect;
  });
  if (own.length === 0) return actionWords(definition, asked);
  return own.map(([name, value]) => sayState(name, value)).join(', ');
}

/** What a device was like before: `off`, or `on, fan speed 3`; empty when it had said nothing. */
export function stateMapWords(definition: TypeDefinition | undefined, state: StateMap): string {
  const power = definition?.power?.property;
  const isOff = power !== undefined && truthOf(state[power]) === false;
  const names = Object.keys(state).filter((name) => !isOff || name === power);
  names.sort((left, right) => Number(right === power) - Number(left === power));
  return names.flatMap((name) => sayState(name, state[name] ?? '')).join(', ');
}

/** The forms of the verbs that labels begin with. */
const continuous: Readonly<Record<string, string>> = {
  beep: 'beeping',
  change: 'changing',
  close: 'closing',
  lock: 'locking',
  open: 'opening',
  set: 'setting',
  start: 'starting',
  stop: 'stopping',
  switch: 'switching',
  turn: 'turning',
  unlock: 'unlocking',
};

/** What is going on, as one says it of a device: `turning on`, `setting fan speed to 3`. */
export function doingWords(definition: TypeDefinition | undefined, asked: Action): string {
  const words = actionWords(definition, asked);
  const [verb = ''] = words.split(' ');
  const form = continuous[verb];
  return form === undefined ? words : form + words.slice(verb.length);
}

export interface Circumstances {
  readonly definition: TypeDefinition | undefined;
  readonly isOnline: boolean;
}

/** The same while it is not over, in few words: `Turning on… sent`. */
export function progressWords(definition: TypeDefinition | undefined, command: Command): string {
  const word = command.status === 'queued' ? 'waiting' : command.status;
  return `${upperFirst(doingWords(definition, command))}… ${word}`;
}

/** How a command stands, as one true sentence. */
export function commandSentence(command: Command, around: Circumstances): string {
  const { definition } = around;
  const what = actionWords(definition, command);
  const doing = upperFirst(doingWords(definition, command));
  const reason = command.error === null ? '' : ` ${sentence(command.error)}`;
  switch (command.status) {
    case 'queued':
      return `${doing}… ${queuedWords(command, around)}.`;
    case 'sent':
      return `${doing}… sent, no answer yet${tries(command, around)}.`;
    case 'delivered':
      return `${doing}… delivered, no answer yet${tries(command, around)}.`;
    case 'acknowledged':
      if (command.error !== null) return `The device said yes to “${what}”, but:${reason}`;
      return leavesState(definition, command)
        ? `${doing}… acknowledged. The device has not reported it yet.`
        : `Done: ${what}. The device acknowledged it.`;
    case 'confirmed':
      return `Done: ${what}. The device confirmed it.`;
    case 'rejected':
      return `Could not ${what}: the device refused.${reason}`;
    case 'expired':
      return `Could not ${what} in time.${reason}`;
    case 'timed_out':
      return `Could not ${what}.${reason}`;
    case 'cancelled':
      return isReplaced(command)
        ? `Replaced by a newer command: ${what}.`
        : `Called off: ${what}.${reason}`;
  }
}

/** The same in a word or two, for a list. */
export function statusWords(command: Command): string {
  if (command.status === 'cancelled') return isReplaced(command) ? 'Replaced' : 'Called off';
  return shortWords[command.status];
}

const shortWords: Readonly<Record<Exclude<CommandStatus, 'cancelled'>, string>> = {
  queued: 'Waiting',
  sent: 'Sent',
  delivered: 'Delivered',
  acknowledged: 'Acknowledged',
  confirmed: 'Confirmed',
  rejected: 'Refused',
  expired: 'Too late',
  timed_out: 'No answer',
};

/** Who asked for a command: a person by name, `you`, or what the hub does for them. */
export function requesterWords(
  { source, requested_by: by }: Pick<Command, 'source' | 'requested_by'>,
  ownName: string,
): string {
  if (source === 'schedule') return 'by a schedule';
  if (source === 'override') return 'for a while';
  if (source === 'restore') return 'to go back';
  const [kind = '', ...rest] = by.split(':');
  const name = rest.join(':');
  const who =
    kind === 'local'
      ? 'someone at the hub'
      : kind === 'person' && name === ownName
        ? 'you'
        : name || by;
  return source === 'scene' ? `asked by ${who}, with others` : `asked by ${who}`;
}

/** A command that a newer one took the word from, and not a person. */
const isReplaced = ({ status, error }: Command): boolean =>
  status === 'cancelled' && (error ?? '').startsWith('superseded');

/** When it came to stand as it stands. */
export const stoodSince = (command: Command): string =>
  command.confirmed_at ??
  command.acknowledged_at ??
  command.delivered_at ??
  command.sent_at ??
  command.created_at;

/** Whether one can see by the device that an action was done. */
export const leavesState = (definition: TypeDefinition | undefined, asked: Action): boolean =>
  definition !== undefined && Object.keys(expectedState(definition, asked)).length > 0;

function queuedWords(command: Command, around: Circumstances): string {
  const where = around.isOnline
    ? 'waiting, as the device does not listen for commands'
    : 'waiting, as the device is offline';
  return where + tries(command, around);
}

/** Which try it is, once it is not the first. */
function tries(command: Command, { definition, isOnline }: Circumstances): string {
  const { attempts, status } = command;
  if (definition === undefined || attempts < 1) return '';
  if (attempts === 1 && isOnline && status !== 'queued') return '';
  return ` (try ${attempts} of ${Math.max(attempts, definition.retry.attempts)})`;
}

export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `Turn on` → `turn on`; an abbreviation such as `HEPA mode` stays. */
const lowerFirst = (text: string): string =>
  /^\p{Lu}\p{Ll}/u.test(text) || /^\p{Lu}\s/u.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
