import type { Context } from 'hono';
import type { HearthEnv } from './routing.ts';
import type { Origin } from './types.ts';
import { visitOf } from './whence.ts';

/** A request of a page of ours: under which address it was opened, and from where. */
export interface PageVisit {
  /** As the browser spells it. Its host is one of ours: others were turned away before. */
  readonly page: URL;
  readonly origin: Origin;
}

export const pageVisitOf = (context: Context<HearthEnv>): PageVisit => ({
  page: new URL(context.req.url),
  origin: visitOf(context),
});
