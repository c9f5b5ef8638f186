import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { HearthError } from '#kernel';
import type { Invocation } from './invocation.ts';

/**
 * Asks the person in front of the terminal; anything but yes, also the end of input, is no. A script
 * has nobody to ask. @throws HearthError `bad_request` unless `yes` was given there.
 */
export async function confirmed(
  at: Invocation,
  question: string,
  options: { readonly yes?: boolean },
): Promise<boolean> {
  if (options.yes) return true;
  const { input, errors } = at.around;
  if (at.json || !input.isTTY || !errors.isTTY) {
    throw new HearthError('bad_request', 'nothing is done without a yes', {
      field: '--yes',
      hint: `Add --yes. ${question}`,
    });
  }
  const prompt = createInterface({ input, output: errors, terminal: true });
  const closed = once(prompt, 'close').then(() => '');
  const answered = new Promise<string>((resolve) => prompt.question(`${question} [y/N] `, resolve));
  try {
    return /^y(es)?$/i.test((await Promise.race([answered, closed])).trim());
  } finally {
    prompt.close();
  }
}
