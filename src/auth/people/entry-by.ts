import { actorOf } from '../access.ts';
import type { AuditEntry } from '../ports.ts';
import { whereFrom } from '../whence.ts';
import type { Doer } from './rank.ts';

/** What is written down of something that somebody did. */
export const entryBy = (
  { caller, origin }: Doer,
  action: string,
  subject: string,
  detail: Readonly<Record<string, unknown>>,
  outcome = 'ok',
): AuditEntry => ({
  actor: actorOf(caller),
  action,
  subject,
  outcome,
  origin: whereFrom(origin),
  detail,
});
