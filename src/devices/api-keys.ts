import { type Clock, HearthError, hashSecret, type Log, randomSecret } from '#kernel';
import type { DeviceStore } from './store.ts';

export interface NewApiKey {
  /** Shown this once. */
  readonly apiKey: string;
  /** Until when the one before it works; undefined when there is none, or it is void at once. */
  readonly previousValidUntilMs: number | undefined;
}

/** The key before the newest one, while it still works. */
export interface PreviousApiKey {
  readonly validUntilMs: number;
  /** When a device last proved itself with it. */
  readonly lastUsedAtMs: number | undefined;
}

export interface ApiKeysOptions {
  readonly store: DeviceStore;
  /** See `notBefore` of #kernel: a reset clock must not revive a key. */
  readonly clock: Clock;
  readonly log: Log;
}

interface Previous {
  readonly hash: string;
  readonly validUntilMs: number;
  lastUsedAtMs: number | undefined;
  savedAtMs: number;
}

export const defaultOverlapMs = 86_400_000;
const longestOverlapMs = 30 * 86_400_000;
/** A device asks every few seconds: not each time is worth a write. */
const saveUseEveryMs = 60_000;

/**
 * The API keys of devices, as SHA-256 of 256 random bits. A rotation gives a new one; the one before
 * it goes on working for a while, so that a device may be told the new one first.
 */
export class ApiKeys {
  readonly #store: DeviceStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #deviceOfHash = new Map<string, string>();
  readonly #hashOf = new Map<string, string>();
  readonly #previous = new Map<string, Previous>();

  constructor({ store, clock, log }: ApiKeysOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  load(): void {
    for (const { deviceId, hash } of this.#store.apiKeys()) this.take(deviceId, hash);
    for (const { deviceId, lastUsedAtMs, ...key } of this.#store.previousApiKeys()) {
      const lastUsed = lastUsedAtMs ?? undefined;
      this.#previous.set(deviceId, { ...key, lastUsedAtMs: lastUsed, savedAtMs: lastUsed ?? 0 });
      this.#deviceOfHash.set(key.hash, deviceId);
    }
  }

  /** Knows the key that a new device was stored with. */
  take(deviceId: string, hash: string): void {
    this.#hashOf.set(deviceId, hash);
    this.#deviceOfHash.set(hash, deviceId);
  }

  /**
   * Gives a device a new key. The one that it had works for `overlapMs` more, 0 for no longer at all;
   * one that was on its way out before is void. `note` runs in the same transaction.
   * @throws HearthError `unprocessable` for an overlap of more than 30 days.
   */
  rotate(deviceId: string, overlapMs: number, note: () => void): NewApiKey {
    if (overlapMs > longestOverlapMs) {
      throw new HearthError('unprocessable', 'overlap cannot be longer than 30 days', {
        field: 'overlap',
        hint: 'Write how long the old key goes on working, such as 24h; 0 for no longer.',
      });
    }
    const nowMs = this.#clock.nowMs();
    const old = this.#hashOf.get(deviceId);
    const validUntilMs = old === undefined || overlapMs === 0 ? undefined : nowMs + overlapMs;
    const apiKey = randomSecret();
    const hash = hashSecret(apiKey);
    this.#store.atomically(() => {
      this.#store.replaceApiKey(deviceId, hash, { nowMs, validUntilMs });
      note();
    });
    this.forget(deviceId);
    this.take(deviceId, hash);
    if (old !== undefined && validUntilMs !== undefined) {
      this.#previous.set(deviceId, {
        hash: old,
        validUntilMs,
        lastUsedAtMs: undefined,
        savedAtMs: 0,
      });
      this.#deviceOfHash.set(old, deviceId);
    }
    return { apiKey, previousValidUntilMs: validUntilMs };
  }

  /** Voids the newest key and the one before it. */
  revoke(deviceId: string): void {
    this.#store.removeApiKeys(deviceId);
    this.forget(deviceId);
  }

  /** Voids the key before the newest one. @throws HearthError `not_found` when none works. */
  revokePrevious(deviceId: string, note: () => void): void {
    if (this.previousOf(deviceId) === undefined) {
      throw new HearthError('not_found', `no older API key of "${deviceId}" works`, {
        field: 'id',
        hint: 'There is one only while a rotation overlaps.',
      });
    }
    this.#store.atomically(() => {
      this.#store.removePreviousApiKey(deviceId);
      note();
    });
    this.#forgetPrevious(deviceId);
  }

  previousOf(deviceId: string): PreviousApiKey | undefined {
    const previous = this.#previous.get(deviceId);
    if (previous === undefined || this.#clock.nowMs() >= previous.validUntilMs) return undefined;
    return previous;
  }

  /** The device whose key this is. Keys are random, so looking up their hash tells a guesser nothing. */
  deviceOf(apiKey: string): string | undefined {
    const hash = hashSecret(apiKey);
    const deviceId = this.#deviceOfHash.get(hash);
    if (deviceId === undefined || this.#hashOf.get(deviceId) === hash) return deviceId;
    if (this.previousOf(deviceId) === undefined) return undefined;
    this.#noteUse(deviceId);
    return deviceId;
  }

  /** Forgets the keys of a device whose rows are gone. */
  forget(deviceId: string): void {
    const hash = this.#hashOf.get(deviceId);
    if (hash !== undefined) this.#deviceOfHash.delete(hash);
    this.#hashOf.delete(deviceId);
    this.#forgetPrevious(deviceId);
  }

  #forgetPrevious(deviceId: string): void {
    const previous = this.#previous.get(deviceId);
    if (previous !== undefined) this.#deviceOfHash.delete(previous.hash);
    this.#previous.delete(deviceId);
  }

  #noteUse(deviceId: string): void {
    const previous = this.#previous.get(deviceId);
    if (previous === undefined) return;
    const nowMs = this.#clock.nowMs();
    previous.lastUsedAtMs = nowMs;
    if (Math.abs(nowMs - previous.savedAtMs) < saveUseEveryMs) return;
    previous.savedAtMs = nowMs;
    try {
      this.#store.setPreviousKeyUse(deviceId, nowMs);
    } catch (error) {
      // A disk that is full turns no device away; the next use tries again in a minute.
      this.#log.warn({ deviceId, err: error }, 'the use of an old API key was not saved');
    }
  }
}
