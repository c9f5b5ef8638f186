import { isDeepStrictEqual } from 'node:util';
import { HearthError, isHearthError } from '#kernel';
import type { Course, Opening } from './course.ts';
import { askedOf, checkKey, draft } from './draft.ts';
import type { DevicePort } from './ports.ts';
import type { CommandRecord } from './record.ts';
import type { CommandStore } from './store.ts';
import type { CommandRequest } from './types.ts';

const dayMs = 86_400_000;

/** What is asked for becomes commands: checked, told from what was asked before, written and sent. */
export class Sending {
  readonly #course: Course;
  readonly #store: CommandStore;
  readonly #devices: DevicePort;

  constructor(options: { course: Course; store: CommandStore; devices: DevicePort }) {
    this.#course = options.course;
    this.#store = options.store;
    this.#devices = options.devices;
  }

  /** @throws HearthError as `Commands.send` says. */
  send(request: CommandRequest): CommandRecord {
    const opening = this.#open(request);
    return 'made' in opening ? this.#course.begin(opening).command : opening;
  }

  /** One transaction for all of them. Each is a command, or the error that it would end with alone. */
  sendAll(requests: readonly CommandRequest[]): (CommandRecord | HearthError)[] {
    const results: (CommandRecord | HearthError)[] = [];
    const openings = new Map<number, Opening>();
    const keys = new Set<string>();
    for (const [index, request] of requests.entries()) {
      const key = `${request.deviceId} ${request.idempotencyKey}`;
      // The same key again is the same command: the first must be there to be found.
      if (request.idempotencyKey !== undefined && keys.has(key)) this.#begin(openings, results);
      keys.add(key);
      try {
        const opening = this.#open(request);
        if ('made' in opening) openings.set(index, opening);
        else results[index] = opening;
      } catch (error) {
        if (!isHearthError(error)) throw error;
        results[index] = error;
      }
    }
    this.#begin(openings, results);
    return results;
  }

  #begin(openings: Map<number, Opening>, results: (CommandRecord | HearthError)[]): void {
    const begun = this.#course.beginAll([...openings.values()]);
    for (const [place, index] of [...openings.keys()].entries()) {
      const live = begun[place];
      if (live !== undefined) results[index] = isHearthError(live) ? live : live.command;
    }
    openings.clear();
  }

  /** A command that may be begun, or the one that its key stands for already. */
  #open(request: CommandRequest): Opening | CommandRecord {
    const { deviceId, idempotencyKey } = request;
    const device = this.#devices.get(deviceId);
    const keyed = idempotencyKey === undefined ? {} : this.#keyed(request, idempotencyKey);
    if (keyed.command) return this.#course.record(keyed.command.id) ?? keyed.command;
    if (device.state === 'disabled') {
      throw new HearthError('conflict', `the device "${deviceId}" is disabled`, {
        hint: 'Set its state to active first.',
      });
    }
    const made = draft(request, {
      definition: this.#devices.definitionOf(deviceId),
      reported: this.#devices.reported(deviceId),
      nowMs: this.#course.nowMs(),
    });
    return { made, request, outdatedKey: keyed.outdatedId };
  }

  /** The command that has this key, or the id of one that is to let go of it. */
  #keyed(
    request: CommandRequest,
    key: string,
  ): { readonly command?: CommandRecord; readonly outdatedId?: string } {
    const found = this.#store.keyed(request.deviceId, checkKey(key));
    if (found === undefined) return {};
    const { command, asked } = found;
    if (this.#course.nowMs() - command.createdAtMs >= dayMs) return { outdatedId: command.id };
    const now = askedOf(request, this.#devices.definitionOf(request.deviceId));
    if (isDeepStrictEqual(asked, now)) return { command };
    const [before, wanted] = [asked, now].map((it) => JSON.stringify(it).slice(0, 100));
    throw new HearthError(
      'conflict',
      `this idempotencyKey stands for ${before} already, not for ${wanted}`,
      { field: 'idempotencyKey', hint: 'Use another key for another command.' },
    );
  }
}
