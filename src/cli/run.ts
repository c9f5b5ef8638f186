import { CommanderError } from 'commander';
import { HearthError, isHearthError, messageOf, systemClock } from '#kernel';
import { exitCodeOf } from './exit-codes.ts';
import { program } from './program.ts';
import type { Surroundings } from './surroundings.ts';
import { printable } from './table.ts';

/** How long output may take to drain once a command is done. */
const lingerMs = 500;

/**
 * Runs one command line.
 * @returns the exit code; whatever went wrong has been said on `around.errors`, in one line.
 */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  // The kernel's timers do not keep a process alive; a command that waits on one must.
  const alive = setInterval(() => undefined, 2 ** 30);
  try {
    await program(around).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return complain(error instanceof CommanderError ? misuse(error) : error, argv, around);
  } finally {
    clearInterval(alive);
  }
}

/** `bin/hearth`: runs the process's own command line and leaves its exit code. */
export async function runInProcess(process: NodeJS.Process): Promise<void> {
  // Whoever reads our output may leave before the end: `hearth query plug-1 | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : exitCodeOf(error));
  });
  process.exitCode = await run(process.argv.slice(2), {
    environment: process.env,
    workingDirectory: process.cwd(),
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    clock: systemClock,
    signals: process,
    exit: (code) => process.exit(code),
    openHub: async (options) => (await import('#main')).openHub(options),
  });
  setTimeout(() => process.exit(), lingerMs).unref();
}

/** What commander found wrong with the command line, as our own kind of error. */
function misuse(error: CommanderError): HearthError {
  // It has printed the help itself, which says more than a message could.
  const isHelp = error.code === 'commander.help';
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(rest.join(' '))?.[1];
  return new HearthError('bad_request', isHelp ? 'no command was given' : first, {
    hint: suggestion ? `Did you mean ${suggestion}?` : 'Add --help to see what there is.',
  });
}

function complain(error: unknown, argv: readonly string[], around: Surroundings): number {
  const shown = isHearthError(error) ? error : bug(error);
  if (argv.includes('--json')) {
    const { code, message, hint, field } = shown;
    const problem = {
      code: isHearthError(error) ? code : 'internal',
      detail: message,
      hint,
      field,
    };
    around.errors.write(`${JSON.stringify(problem)}\n`);
  } else {
    const sentence = /[.!?]$/.test(shown.message) ? shown.message : `${shown.message}.`;
    const hint = shown.hint === undefined ? '' : ` ${shown.hint}`;
    around.errors.write(`hearth: ${printable(sentence + hint)}\n`);
  }
  if (around.environment.HEARTH_DEBUG && error instanceof Error) {
    around.errors.write(`${error.stack}\n`);
  }
  return exitCodeOf(error);
}

const bug = (error: unknown): Pick<HearthError, 'code' | 'message' | 'hint' | 'field'> => ({
  code: 'unavailable',
  message: `something went wrong inside: ${messageOf(error)}`,
  hint: 'HEARTH_DEBUG=1 shows where.',
  field: undefined,
});
