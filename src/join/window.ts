import { type Clock, equalSecrets, HearthError, hashSecret, readableCode } from '#kernel';
import type { Admission } from './types.ts';

export interface WindowRequest {
  readonly minutes: number;
  /** Only this device may come in, also if it had a certificate before. */
  readonly deviceId?: string | undefined;
  /** The code on the device's own label or display; otherwise one is made. */
  readonly code?: string | undefined;
}

export interface OpenWindow {
  readonly expiresAtMs: number;
  readonly deviceId: string | undefined;
  readonly triesLeft: number;
  /** The device that came in; there is room for no other. */
  readonly usedBy: string | undefined;
}

/** The right to come in, held while a request is looked at. */
export interface Ticket {
  /** Whether the window was opened for this very device. */
  readonly isForThisDevice: boolean;
  /** What this device was given when it asked before with the same key: its answer was lost. */
  admitted(publicKey: Uint8Array): Admission | undefined;
  /** The device is in: the code is spent. */
  spend(publicKey: Uint8Array, admission: Admission): void;
  /** It did not come in: the code is as good as before. */
  release(): void;
}

interface State {
  readonly codeHash: string;
  readonly expiresAtMs: number;
  readonly endsAtMonotonicMs: number;
  readonly deviceId: string | undefined;
  triesLeft: number;
  isBusy: boolean;
  used: { readonly publicKey: Buffer; readonly admission: Admission } | undefined;
}

/** 40 random bits behind five tries: short enough to type, far too long to guess. */
const codeLength = 8;
const wrongCodes = 5;
const minuteMs = 60_000;

/**
 * The time in which one new device may come in with a code. In memory alone: a restart closes it. Its
 * end is counted on the clock that nobody can set.
 */
export class JoinWindow {
  readonly #clock: Clock;
  readonly #onExhausted: () => void;
  #state: State | undefined;

  constructor(clock: Clock, onExhausted: () => void) {
    this.#clock = clock;
    this.#onExhausted = onExhausted;
  }

  /** Opens it; one that was open before is closed. The code is seen this once. */
  open({ minutes, deviceId, code: chosen }: WindowRequest): {
    readonly code: string;
    readonly expiresAtMs: number;
  } {
    const code = chosen ?? (readableCode(codeLength).match(/.{4}/g) ?? []).join('-');
    const expiresAtMs = this.#clock.nowMs() + minutes * minuteMs;
    this.#state = {
      codeHash: hashSecret(plainCode(code)),
      expiresAtMs,
      endsAtMonotonicMs: this.#clock.monotonicMs() + minutes * minuteMs,
      deviceId,
      triesLeft: wrongCodes,
      isBusy: false,
      used: undefined,
    };
    return { code, expiresAtMs };
  }

  /** Returns whether there was one to close. */
  close(): boolean {
    const wasOpen = this.#current() !== undefined;
    this.#state = undefined;
    return wasOpen;
  }

  state(): OpenWindow | undefined {
    const state = this.#current();
    return (
      state && {
        expiresAtMs: state.expiresAtMs,
        deviceId: state.deviceId,
        triesLeft: state.triesLeft,
        usedBy: state.used?.admission.deviceId,
      }
    );
  }

  /**
   * Lets a device that knows the code up to the desk. Whether no window is open, the code is wrong or
   * spent, or meant for another device is not told apart.
   * @throws HearthError `forbidden`, or `unavailable` while another request holds the ticket.
   */
  enter(code: string, deviceId: string): Ticket {
    const state = this.#current();
    const isRight = equalSecrets(hashSecret(plainCode(code)), state?.codeHash ?? 'no window');
    if (state === undefined) throw wrongCode();
    const isMeant = state.deviceId === undefined || state.deviceId === deviceId;
    if (!isRight || !isMeant) {
      state.triesLeft -= 1;
      if (state.triesLeft <= 0) {
        this.#state = undefined;
        this.#onExhausted();
      }
      throw wrongCode();
    }
    if (state.used !== undefined && state.used.admission.deviceId !== deviceId) throw wrongCode();
    if (state.isBusy) {
      throw new HearthError('unavailable', 'another device is coming in with this code right now', {
        retryable: true,
        retryAfterSeconds: 1,
      });
    }
    state.isBusy = true;
    return {
      isForThisDevice: state.deviceId === deviceId,
      admitted: (publicKey) => {
        if (state.used === undefined) return undefined;
        if (!state.used.publicKey.equals(publicKey)) throw wrongCode();
        return state.used.admission;
      },
      spend: (publicKey, admission) => {
        state.used = { publicKey: Buffer.from(publicKey), admission };
      },
      release: () => {
        state.isBusy = false;
      },
    };
  }

  #current(): State | undefined {
    const state = this.#state;
    if (state !== undefined && this.#clock.monotonicMs() >= state.endsAtMonotonicMs) {
      this.#state = undefined;
    }
    return this.#state;
  }
}

/** A code as it was meant: without case, blanks and hyphens, and O for 0, I and L for 1. */
export const plainCode = (code: string): string =>
  code.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');

const wrongCode = (): HearthError =>
  new HearthError('forbidden', 'that code lets no device in', {
    field: 'code',
    hint: 'The owner of this home opens a window for one device: hearth join open.',
  });
