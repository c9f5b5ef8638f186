import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { HearthError, messageOf } from '#kernel';
import type { Invocation } from './invocation.ts';

export interface PasswordOptions {
  readonly passwordFile?: string;
  /** Taken only to say why it is not. */
  readonly password?: string | true;
}

/**
 * A new password: from a file, asked for twice at a terminal, or the first line of what is piped in.
 * Never from the command line itself, which others on the machine can read.
 * @throws HearthError `bad_request` when there is none, or the two differ; `not_found` for the file.
 */
export async function newPassword(
  at: Invocation,
  { passwordFile }: PasswordOptions,
  question: string,
): Promise<string> {
  const { input } = at.around;
  if (passwordFile !== undefined && passwordFile !== '-') {
    return required(firstLineOf(await contentsOf(at.path(passwordFile))));
  }
  if (passwordFile === '-' || !input.isTTY) return required(await firstPiped(input));
  return askedTwice(at, question);
}

/** @throws HearthError `bad_request` for a password as an argument. */
export function refuseSpoken({ password }: PasswordOptions): void {
  if (password === undefined) return;
  throw new HearthError('bad_request', 'a password is not taken from the command line', {
    field: '--password',
    hint: 'Others can read it there. Leave it out to be asked, or pipe it in, or --password-file FILE.',
  });
}

async function askedTwice(at: Invocation, question: string): Promise<string> {
  const { input, errors } = at.around;
  // What is typed is shown nowhere: readline echoes it to this.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const lines = prompt[Symbol.asyncIterator]();
  const ask = async (text: string) => {
    errors.write(text);
    const { value, done } = await lines.next();
    errors.write('\n');
    return required(done ? '' : value);
  };
  try {
    const first = await ask(`${question}: `);
    if ((await ask('The same again: ')) === first) return first;
  } finally {
    prompt.close();
  }
  throw new HearthError('bad_request', 'the two passwords are not the same', {
    hint: 'Nothing is changed. Try again.',
  });
}

async function firstPiped(input: Readable): Promise<string> {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    const { value, done } = await lines[Symbol.asyncIterator]().next();
    return done ? '' : value;
  } finally {
    lines.close();
  }
}

async function contentsOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new HearthError('not_found', `the password cannot be read: ${messageOf(cause)}`, {
      field: '--password-file',
      hint: 'Give a file with the password in its first line, or - for what is piped in.',
      cause,
    });
  }
}

const firstLineOf = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

function required(password: string): string {
  if (password !== '') return password;
  throw new HearthError('bad_request', 'no password was given', {
    hint: 'Type it when asked, pipe it in, or --password-file FILE.',
  });
}
