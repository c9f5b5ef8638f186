import type { Context } from 'hono';
import { actorOf, type HearthEnv, originOf } from '#auth';

/** Who changes something, and from where, for the audit. */
export interface By {
  /** `local`, `person:Anna`, `token:car`, `device:plug`, `hub`. */
  readonly actor: string;
  readonly origin: string;
}

/** What the hub does by itself. */
export const byHub: By = { actor: 'hub', origin: '' };

export const byCaller = (context: Context<HearthEnv>): By => ({
  actor: actorOf(context.get('caller')),
  origin: originOf(context),
});
