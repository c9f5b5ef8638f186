import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { HearthError } from '#kernel';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/**
 * One of the settings that OWASP's Password Storage Cheat Sheet holds equal in strength; this one
 * needs 16 MB a try, which a Raspberry Pi can spare.
 */
const cost = { N: 2 ** 14, r: 8, p: 5 };
const keyBytes = 32;

/** Tries at once. Each takes one of Node's four worker threads, which files and DNS need too. */
const maxRunning = 2;
/** A fleet of devices that comes back at once waits in line; beyond this it is told to come again. */
const maxWaiting = 500;

/** In which line to wait: a storm of devices keeps no person waiting, nor the other way round. */
export type Line = 'people' | 'devices';

/**
 * Hashes passwords slowly (scrypt, RFC 7914), so that a stolen database gives none away, and in
 * two lines that take turns, so that a storm of tries slows nothing but its own.
 */
export class SlowHash {
  #running = 0;
  readonly #waiting: Readonly<Record<Line, (() => void)[]>> = { people: [], devices: [] };
  #nextLine: Line = 'people';

  /** A self-describing hash: `scrypt$N$r$p$salt$key`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const key = await this.#derive(password, salt, cost);
    const { N, r, p } = cost;
    return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
  }

  /** Whether `password` is the one behind `hash`. */
  async verify(hash: string, password: string, line: Line = 'people'): Promise<boolean> {
    const [scheme, N, r, p, salt = '', key = ''] = hash.split('$');
    if (scheme !== 'scrypt') throw new Error('not a scrypt hash');
    const expected = Buffer.from(key, 'base64url');
    const options = { N: Number(N), r: Number(r), p: Number(p) };
    const actual = await this.#derive(password, Buffer.from(salt, 'base64url'), options, line);
    return expected.length === actual.length && timingSafeEqual(expected, actual);
  }

  /** Takes as long as `verify`, so that nobody learns by the clock which names exist. */
  async verifyNobody(password: string, line: Line = 'people'): Promise<false> {
    await this.#derive(password, randomBytes(16), cost, line);
    return false;
  }

  async #derive(
    password: string,
    salt: Buffer,
    options: { N: number; r: number; p: number },
    line: Line = 'people',
  ): Promise<Buffer> {
    await this.#turn(line);
    try {
      // NIST SP 800-63B §3.1.1.2: the same password typed on two keyboards is the same password.
      return await derive(password.normalize('NFKC'), salt, keyBytes, options);
    } finally {
      const next = this.#next();
      if (next) next();
      else this.#running--;
    }
  }

  /** Waits in line. Whoever finishes hands its place on, so `#running` counts places, not turns. */
  async #turn(line: Line): Promise<void> {
    if (this.#running < maxRunning) {
      this.#running++;
      return;
    }
    const waiting = this.#waiting[line];
    if (waiting.length >= maxWaiting) {
      throw new HearthError('unavailable', 'too many sign-ins at once', {
        hint: 'Try again in a few seconds.',
        retryable: true,
        retryAfterSeconds: 5,
      });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  /** Whoever is first in the line whose turn it is, or else in the other. */
  #next(): (() => void) | undefined {
    const [first, second]: [Line, Line] =
      this.#nextLine === 'people' ? ['people', 'devices'] : ['devices', 'people'];
    this.#nextLine = second;
    return this.#waiting[first].shift() ?? this.#waiting[second].shift();
  }
}
