import type { Invocation } from './invocation.ts';

/** What a verb is: its invocation, the arguments in their order, and last its options. */
export type Verb<Arguments extends unknown[]> = (
  at: Invocation,
  ...rest: Arguments
) => Promise<void>;

/** Turns a verb that is yet to be loaded into what commander calls. */
export type Run = <Arguments extends unknown[]>(
  load: () => Promise<Verb<Arguments>>,
) => (...given: unknown[]) => Promise<void>;
