import type { Clock } from '#kernel';
import { Recent } from '../sign-in/recent.ts';
import type { Origin, Person } from '../types.ts';
import { networkOf } from './network.ts';
import { Throttle } from './throttle.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

interface PasswordTriesOptions {
  readonly clock: Clock;
  /** The addresses where somebody's living sessions were signed in. */
  readonly addressesOf: (personId: string) => readonly string[];
}

/** A try at somebody's password; `person` is left out where nobody has that email. */
interface Try {
  readonly account: string;
  readonly person: Person | undefined;
  readonly origin: Origin;
}

/**
 * Counts tries at passwords, by address and by account. Strangers share what an account bears; an
 * address from where somebody signed in rightly has, for that account, a budget of its own, so that
 * strangers cannot keep people out of where they always are. Whoever succeeds takes back their own
 * tries and nobody else's: an account of one's own is no way to guess at another.
 */
export class PasswordTries {
  readonly #options: PasswordTriesOptions;
  readonly #addresses: Throttle;
  /** An account waits a minute at most, or strangers could keep its owner out for long. */
  readonly #accounts: Throttle;
  /** What of the tries of an address was at which account. */
  readonly #shares: Throttle;
  readonly #known: Throttle;
  readonly #present: Throttle;
  /** Accounts with the addresses of right passwords, beyond their sessions. */
  readonly #right: Recent<true>;

  constructor(options: PasswordTriesOptions) {
    this.#options = options;
    const { clock } = options;
    const doubling = { clock, tries: 10, firstDelayMs: minuteMs, maxDelayMs: 15 * minuteMs };
    this.#addresses = new Throttle(doubling);
    this.#accounts = new Throttle({ ...doubling, maxDelayMs: minuteMs });
    this.#shares = new Throttle(doubling);
    this.#known = new Throttle(doubling);
    this.#present = new Throttle(doubling);
    this.#right = new Recent({ clock, lifetimeMs: 30 * dayMs, maxEntries: 10_000 });
  }

  /** Counts a sign-in that begins. @throws HearthError `too_many_requests`. */
  begin(tried: Try): void {
    const { account, origin } = tried;
    if (origin.isLocal) return;
    if (this.#isKnown(tried)) {
      this.#known.attempt(placeOf(tried));
      return;
    }
    const network = networkOf(origin.remoteAddress);
    this.#addresses.check(network);
    this.#accounts.check(account);
    this.#addresses.count(network);
    this.#accounts.count(account);
    this.#shares.count(placeOf(tried));
  }

  /** The password was right. */
  succeed(tried: Try): void {
    const { account, origin } = tried;
    this.#accounts.succeeded(account);
    if (origin.isLocal) return;
    this.#addresses.takeBack(
      networkOf(origin.remoteAddress),
      this.#shares.succeeded(placeOf(tried)),
    );
    this.#known.succeeded(placeOf(tried));
    this.#right.set(placeOf(tried), true);
  }

  /**
   * Counts a try of somebody who is signed in already: strangers have no part in these. Away from
   * where they signed in, all their sessions share one budget, so that a stolen one gains nothing by
   * going from address to address.
   * @throws HearthError `too_many_requests`.
   */
  beginPresent(tried: Try): void {
    if (tried.origin.isLocal) return;
    if (this.#isKnown(tried)) this.#known.attempt(placeOf(tried));
    else this.#present.attempt(tried.account);
  }

  succeedPresent(tried: Try): void {
    if (this.#isKnown(tried)) this.#known.succeeded(placeOf(tried));
    else this.#present.succeeded(tried.account);
  }

  /** By the address itself: in a home everyone has the same IPv6 network. */
  #isKnown(tried: Try): boolean {
    const { person, origin } = tried;
    if (person === undefined) return false;
    if (this.#right.get(placeOf(tried))) return true;
    return this.#options.addressesOf(person.id).includes(origin.remoteAddress);
  }
}

const placeOf = ({ account, origin }: Try): string => `${account} ${origin.remoteAddress}`;
