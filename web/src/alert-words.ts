import { actionWords, upperFirst } from './command-words.ts';
import type { Alert, TypeDefinition } from './control-wire.ts';
import { sentence } from './problem.ts';

/** What an alert says to someone at home, who knows the device by its name. */
export function alertWords(alert: Alert, definition: TypeDefinition | undefined): string {
  const { action, attempts } = alert.detail;
  if (alert.kind !== 'command_timed_out' || typeof action !== 'string') {
    return sentence(alert.message);
  }
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  return `${upperFirst(actionWords(definition, { action }))}: no answer after ${tries}.`;
}
