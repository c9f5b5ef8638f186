import type { Context } from 'hono';
import type { HearthEnv } from '../routing.ts';
import type { Origin } from '../types.ts';
import { visitOf } from '../whence.ts';

/** A request of a page of ours: under which address it was opened, and from where. */
export interface PageVisit {
  /** As the browser spells it. Its host is one of ours: others were turned away before. */
  readonly page: URL;
  /** Whether its port is ours too; at another one another program of this machine may answer. */
  readonly isOurs: boolean;
  readonly origin: Origin;
}

/** What `http` puts beside each request. Without it no page is ours. */
interface Arrival {
  readonly isOurPage?: (page: URL) => boolean;
}

export function pageVisitOf(context: Context<HearthEnv>): PageVisit {
  const page = new URL(context.req.url);
  const { isOurPage } = (context.env ?? {}) as Arrival;
  return { page, isOurs: isOurPage?.(page) === true, origin: visitOf(context) };
}
