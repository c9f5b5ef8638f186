import type { Context, MiddlewareHandler } from 'hono';
import { type Access, type AuditPort, actorOf, type HearthEnv, originOf } from '#auth';
import { type Clock, type Log, messageOf } from '#kernel';

export interface Denial {
  readonly actor: string;
  readonly method: string;
  /** The pattern of the path, never the path: what stands in one may be anything. */
  readonly pattern: string;
  readonly status: 401 | 403;
  /** An address, or `control socket`. */
  readonly origin: string;
}

interface DenialsOptions {
  readonly audit: AuditPort;
  readonly clock: Clock;
  readonly log: Log;
}

const windowMs = 60_000;
/** Rows a minute for one address; then one with how many more there were. */
const mostOfAddress = 20;
/** Rows a minute in all, and addresses that are counted apart. */
const mostRows = 200;
const mostAddresses = 1000;

/** Writes down who was turned away, and lets nobody fill the disk with it. */
export class Denials {
  readonly #options: DenialsOptions;
  /** Of each address since the minute began: rows that were written, denials that were not. */
  readonly #counts = new Map<string, { rows: number; more: number }>();
  #rows = 0;
  /** Denials of addresses that are not counted apart any more. */
  #others = 0;

  constructor(options: DenialsOptions) {
    this.#options = options;
  }

  add({ actor, method, pattern, status, origin }: Denial): void {
    if (this.#counts.size === 0) this.#options.clock.after(windowMs, () => this.#endMinute());
    const count = this.#countOf(origin);
    if (count === undefined) {
      this.#others += 1;
    } else if (count.rows >= mostOfAddress || this.#rows >= mostRows) {
      count.more += 1;
    } else {
      count.rows += 1;
      this.#rows += 1;
      this.#write(actor, `${method} ${pattern}`, wordOf(status), origin);
    }
  }

  #countOf(origin: string) {
    let count = this.#counts.get(origin);
    if (count === undefined && this.#counts.size < mostAddresses) {
      count = { rows: 0, more: 0 };
      this.#counts.set(origin, count);
    }
    return count;
  }

  /** One row for each address that went on, as far as there is room; one for all the rest. */
  #endMinute(): void {
    let left = mostOfAddress;
    for (const [origin, { more }] of this.#counts) {
      if (more === 0) continue;
      if (left > 0) this.#write('nobody', 'many', 'refused', origin, { count: more });
      else this.#others += more;
      left -= 1;
    }
    if (this.#others > 0) {
      this.#write('nobody', 'many', 'refused', 'other addresses', { count: this.#others });
    }
    this.#counts.clear();
    this.#rows = 0;
    this.#others = 0;
  }

  /** Whatever becomes of the row, the refusal is answered. */
  #write(
    actor: string,
    subject: string,
    outcome: string,
    origin: string,
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    try {
      this.#options.audit.append({
        actor,
        action: 'access.denied',
        subject,
        outcome,
        origin,
        detail,
      });
    } catch (error) {
      this.#options.log.error({ reason: messageOf(error) }, 'a denial was not written down');
    }
  }
}

const wordOf = (status: 401 | 403): string => (status === 401 ? 'unauthenticated' : 'forbidden');

const safeMethods = new Set(['GET', 'HEAD']);
/** Where a 403 of a handler is written down by itself, as `join.refuse` and `est.refuse`. */
const joining = /^(?:\/api\/v1\/join|\/\.well-known\/est\/[a-z]+)$/;
/** Open to several kinds of callers and judged by the handler, which writes nobody down. */
const writing = /^(?:\/api\/v2)?\/write$/;

/**
 * Writes down every 401 and 403, but for two kinds: a handler that is open to strangers writes itself
 * whom it turns away (a wrong password), and whoever shows nothing and asks who they are was only told.
 */
export const writtenDown =
  (
    denials: Denials,
    patternOf: (context: Context) => string,
    accessOf: (method: string, pattern: string) => Access | undefined,
  ): MiddlewareHandler<HearthEnv> =>
  async (context, next) => {
    await next();
    const { status } = context.res;
    if (status !== 401 && status !== 403) return;
    const { method } = context.req;
    const pattern = patternOf(context);
    const access = accessOf(method, pattern);
    const caller = context.get('caller');
    const isOpen = access === 'public' && !writing.test(pattern);
    if (isOpen && (status === 401 || joining.test(pattern))) return;
    const isQuestion = access === 'self.read' && safeMethods.has(method);
    if (isQuestion && caller === undefined && !showsSomething(context)) return;
    denials.add({ actor: actorOf(caller), method, pattern, status, origin: originOf(context) });
  };

const showsSomething = ({ req }: Context): boolean =>
  ['authorization', 'x-api-key', 'cookie'].some((name) => req.header(name) !== undefined);
