/** The hub speaks of the fields and addresses of its API; on a command line there are options and verbs. */

import { HearthError, isHearthError } from '#kernel';
import { durationText } from './sparkline.ts';

/** Which option a field of a request comes from, and what was typed where that is not what was sent. */
export type Flags = Readonly<Record<string, { readonly flag: string; readonly typed?: string }>>;

/**
 * Runs what sends options as the fields of a request.
 * @throws HearthError that names the option, where the hub's names its field.
 */
export async function inFlags<Result>(
  flags: Flags,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw isHearthError(error) ? reworded(error, flags) : error;
  }
}

const lists: Readonly<Record<string, string>> = {
  credentials: 'hearth credential list',
  devices: 'hearth device list',
  'device-types': 'hearth type list',
  groups: 'hearth group list',
  'join/batch': 'hearth join batches',
  people: 'hearth user list',
  'people/invitations': 'hearth user invitations',
  retention: 'hearth retention',
  rooms: 'hearth room list',
  scenes: 'hearth scene list',
  schedules: 'hearth schedule list',
  shares: 'hearth share list',
  tokens: 'hearth token list',
};

/** Fields that come from the same option wherever they are sent. */
const everywhere: Flags = { expiresIn: { flag: '--expires-in' } };

/** What the hub says is wrong, in the words of the command line. */
export const inCommandWords = (error: HearthError): HearthError =>
  reworded(inPlainWords(error), everywhere);

/** What the hub tells the reader to do next, as it is done here. */
export function spokenHint(hint: string): string {
  return hint
    .replace(
      /GET \/api\/v1\/([a-z-]+(?:\/[a-z-]+)?)(?![\w/-])/g,
      (whole, name: string) => lists[name] ?? whole,
    )
    .replace(
      /PUT \/api\/v1\/devices\/([^/\s]+)\/config(?![\w/-])/g,
      (_, id: string) => `hearth device-config set ${decoded(id)}`,
    )
    .replace('Replace it with PUT.', 'To replace it, add --replace.')
    .replace('Leave expiresIn out', 'Leave --expires-in out')
    .replace(
      'Set its state to active first.',
      'Set its state to active first: hearth device set <id> --state active.',
    )
    .replace('finish all the same with force:', 'finish all the same with --force:')
    .replace(
      'POST /api/v1/setup, with the code that the hub printed.',
      'open the dashboard, with the code that hearth start prints.',
    )
    .replace('/docs shows what every request may hold.', 'Add --help to see what there is.');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `Invalid option: expected one of "read"|"control"` is said by what checks requests. */
function inPlainWords(error: HearthError): HearthError {
  const { code, message, hint, field, cause } = error;
  const said = message.replace(
    /Invalid option: expected one of ("[^"]*"(?:\|"[^"]*")*)/,
    (_, options: string) =>
      `it can be ${orList(options.split('|').map((word) => word.slice(1, -1)))}`,
  );
  if (said === message) return error;
  return new HearthError(code, said, {
    ...(field === undefined ? {} : { field }),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function reworded(error: HearthError, flags: Flags): HearthError {
  const { code, message, hint, field = '', cause } = error;
  const named = flags[field];
  if (named === undefined) return error;
  const { flag, typed } = named;
  const rest = message.startsWith(`${field} `) ? message.slice(field.length) : undefined;
  const said =
    typed === undefined ? rest : rest?.replace(/^ is \S+?(?=: |$)/, () => ` is ${typed}`);
  return new HearthError(code, spans(said === undefined ? message : flag + said), {
    field: flag,
    ...(hint === undefined ? {} : { hint: spans(hint) }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `0.1 to 1440 minutes` is `6s to 1d` where times are typed with their unit. */
const spans = (text: string): string =>
  text.replace(
    /(\d+(?:\.\d+)?) to (\d+(?:\.\d+)?) minutes/g,
    (_, least: string, most: string) => `${spanOf(least)} to ${spanOf(most)}`,
  );

const spanOf = (minutes: string): string => durationText(Math.round(Number(minutes) * 60_000));
