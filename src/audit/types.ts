import type { AuditEntry } from '#auth';

export type { AuditEntry };

export interface AuditRow extends Required<AuditEntry> {
  readonly seq: number;
  readonly atMs: number;
  readonly hash: string;
}

/** Which rows are meant. All that is given has to hold. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  /** One action, or with a `.` at its end or none in it all that begin so: `command.create`, `auth`. */
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly outcome?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Before this moment. */
  readonly untilMs?: number | undefined;
}

export interface AuditPage extends AuditFilter {
  /** Rows before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Something that is wrong with the audit. */
export type AuditProblem =
  /** What row `row` says is not what was written, or it was put in. */
  | { readonly kind: 'altered'; readonly row: number }
  /** The rows `from` to `to` are gone. */
  | { readonly kind: 'removed'; readonly from: number; readonly to: number }
  /** The rows after `last` are gone, up to `head`. */
  | { readonly kind: 'removed_at_end'; readonly last: number; readonly head: number }
  /** What says where the chain ends is missing or was not written by this hub; seen at row `row`. */
  | { readonly kind: 'forged_head'; readonly row: number }
  /** The same of what says where it begins. */
  | { readonly kind: 'forged_checkpoint' };

export type SaidProblem = AuditProblem & { readonly message: string };

export interface Verdict {
  readonly ok: boolean;
  /** How many rows are proven to be as they were written. */
  readonly rows: number;
  /** Number of the first of them, and of the last; 0 when there are none. */
  readonly first: number;
  readonly last: number;
  /** The first of `problems`. */
  readonly problem?: SaidProblem;
  /** In the order of rows, the first twenty. */
  readonly problems: readonly SaidProblem[];
}

/** What was found when nobody asked. */
export interface AuditAlert {
  readonly kind: 'audit_altered';
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What the last look found, for a probe. */
export interface AuditState {
  readonly ok: boolean;
  readonly message: string;
}
