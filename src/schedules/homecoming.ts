import type { StateMap } from '#devices';
import type { DuePort } from './ports.ts';

export interface HomecomingOptions {
  readonly due: Pick<DuePort, 'handle' | 'setAfter' | 'cancel'>;
  /** What a device's properties should be now. */
  readonly wanted: (deviceId: string) => StateMap | undefined;
  /** Compares and sends what differs; says whether something is still on its way. */
  readonly look: (deviceId: string) => 'done' | 'pending';
}

/**
 * `away`: not seen since the start. `back`: returned, and has yet to say how it is. `silent`: was
 * looked at by what was known of it before. `pending`: what it should do is on its way to it.
 */
type Stage = 'away' | 'back' | 'silent' | 'pending';

const dueKind = 'schedule.return';
/** How long a device that is back may take to say how it is. */
const reportWithinMs = 3000;
/** How long its first report still tells of the power cut, and not of what someone did since. */
const firstReportWithinMs = 120_000;

/**
 * After a power cut a device comes back with a state that it never told: what it said before the cut
 * is no guide. So each device that something should hold for is looked at once more, at the first
 * report after its first return since the start, or a moment after the return.
 */
export class Homecoming {
  readonly #options: HomecomingOptions;
  /** Who came back, and who of them has reported, before it was known what should hold. */
  #early: Map<string, 'back' | 'reported'> | undefined = new Map();
  readonly #stages = new Map<string, Stage>();

  constructor(options: HomecomingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.due.handle(dueKind, (deviceId) => () => {
      const stage = this.#stages.get(deviceId);
      if (stage === 'back') this.#lookBySilence(deviceId);
      // What it says from now on may be someone's doing.
      else if (stage === 'silent') this.#stages.delete(deviceId);
    });
  }

  /** Whether nobody is waited for, so that nothing that is heard matters. */
  get isIdle(): boolean {
    return this.#stages.size === 0 && (this.#early === undefined || this.#early.size === 0);
  }

  /** Whether a device is looked at once it has come back, or said how it is. */
  isAwaited(deviceId: string): boolean {
    return this.#early !== undefined || this.#stages.has(deviceId);
  }

  /** From now on these are waited for. Returns those that have come back and reported already. */
  expect(deviceIds: readonly string[]): string[] {
    const early = this.#early ?? new Map<string, 'back' | 'reported'>();
    this.#early = undefined;
    const reported: string[] = [];
    for (const deviceId of deviceIds) {
      const stage = early.get(deviceId);
      if (stage === 'reported') reported.push(deviceId);
      else if (stage === 'back') this.#wait(deviceId);
      else this.#stages.set(deviceId, 'away');
    }
    return reported;
  }

  /** A device is back; whether it is looked at once it has said how it is. */
  returned(deviceId: string): boolean {
    if (this.#early) {
      if (!this.#early.has(deviceId)) this.#early.set(deviceId, 'back');
      return true;
    }
    const stage = this.#stages.get(deviceId);
    if (stage === 'away') this.#wait(deviceId);
    return stage === 'away' || stage === 'back';
  }

  /** A device said something of itself; what does not touch what should hold says nothing here. */
  heard(deviceId: string, values: StateMap): void {
    if (this.#early) {
      if (this.#early.has(deviceId)) this.#early.set(deviceId, 'reported');
      return;
    }
    const stage = this.#stages.get(deviceId);
    if (stage !== 'back' && stage !== 'silent') return;
    const wanted = this.#options.wanted(deviceId) ?? {};
    if (!Object.keys(wanted).some((name) => Object.hasOwn(values, name))) return;
    this.#look(deviceId);
  }

  /** What was on its way to a device was answered, or came to nothing. */
  answered(deviceId: string, isSettled: boolean): void {
    if (this.#stages.get(deviceId) !== 'pending') return;
    if (isSettled) this.#wait(deviceId);
    else this.#stages.set(deviceId, 'away');
  }

  forget(deviceId: string): void {
    this.#early?.delete(deviceId);
    if (this.#stages.delete(deviceId)) this.#options.due.cancel(dueKind, deviceId);
  }

  #wait(deviceId: string): void {
    this.#stages.set(deviceId, 'back');
    this.#options.due.setAfter(dueKind, deviceId, reportWithinMs);
  }

  /** By what was known of it before; what it says first still counts. */
  #lookBySilence(deviceId: string): void {
    const { look, due } = this.#options;
    if (look(deviceId) === 'pending') {
      this.#stages.set(deviceId, 'pending');
    } else {
      this.#stages.set(deviceId, 'silent');
      due.setAfter(dueKind, deviceId, firstReportWithinMs);
    }
  }

  #look(deviceId: string): void {
    this.#options.due.cancel(dueKind, deviceId);
    if (this.#options.look(deviceId) === 'pending') this.#stages.set(deviceId, 'pending');
    else this.#stages.delete(deviceId);
  }
}
