/** The words that `resolve` weighs: plain data, whoever said them. */

import type { Action, StateMap } from '#devices';

/** What should hold: an action to be done, or a state to be brought back. */
export type Word =
  | ({ readonly kind: 'action' } & Action)
  | { readonly kind: 'state'; readonly state: StateMap };

/** An override that runs. */
export interface OverrideWord {
  readonly id: string;
  readonly deviceId: string;
  readonly word: Word;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
}

/** What was last said by hand, or what an override gave back when it ended. */
export interface ManualWord {
  /** The command, or the override. */
  readonly id: string;
  readonly kind: 'manual' | 'restore';
  readonly word: Word;
  readonly atMs: number;
}
