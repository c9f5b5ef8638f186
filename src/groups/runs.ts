import { createHash } from 'node:crypto';
import type { Audit } from '#audit';
import type { Command, CommandSource, WaitUntil } from '#commands';
import type { Db } from '#db';
import { type Clock, HearthError, isHearthError, sortableId } from '#kernel';
import { unknownBatch } from './names.ts';
import { combinedStatus } from './outcome.ts';
import { type Plan, planOf, refusalOf, type Surroundings } from './plan.ts';
import type { Batch, GroupStore } from './store.ts';
import type { CommandPort, Refusal, Requester, Run, SceneCommand } from './types.ts';

/** How a run is wanted, beside what it is to do. */
export interface RunWishes {
  /** Keep each command for a device that is away until then. */
  readonly expiresInMs?: number | undefined;
  /** The same key for the same scene or group within a day is the same run. */
  readonly idempotencyKey?: string | undefined;
}

interface RunRequest extends RunWishes {
  /** `scene:ID` or `group:ID`. */
  readonly subject: string;
  readonly source: Extract<CommandSource, 'scene' | 'manual'>;
  readonly auditAction: 'scene.run' | 'group.command';
  readonly commands: readonly SceneCommand[];
  readonly requester: Requester;
}

interface RunsOptions {
  readonly db: Db;
  readonly store: GroupStore;
  readonly audit: Pick<Audit, 'append'>;
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly surroundings: Surroundings;
}

const sameRunWithinMs = 86_400_000;

/** Sends many commands as one thing, and says what became of it as a whole. */
export class Runs {
  readonly #options: RunsOptions;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * Sends everything at once. A device that refuses is listed and stops no other. A key that was
   * used within a day names the run of then: what was sent is not sent again, what was not is.
   * @throws HearthError `conflict` when there is no device to send to, or the key stands for other
   * commands; `unprocessable` for too many.
   */
  run(request: RunRequest): Run {
    const plan = planOf(request.commands, this.#options.surroundings);
    if (plan.steps.length + plan.refused.length === 0) {
      throw new HearthError('conflict', 'there is no device that this would reach', {
        hint: 'Put devices into the group, or commands into the scene.',
      });
    }
    const batch = this.#earlierRun(request) ?? this.#open(request, plan);
    const { commands, refused } = this.#send(request, plan, batch.id);
    if (JSON.stringify(refused) !== JSON.stringify(batch.refused)) {
      this.#options.store.setRefused(batch.id, refused);
    }
    return runOf(batch.id, commands, refused);
  }

  /**
   * The run once each of its commands is over, or as it is after `withinMs`. One command is
   * waited for after the other, so that a large run takes one place among those who wait.
   */
  async settled(run: Run, withinMs: number, until?: WaitUntil): Promise<Run> {
    const { clock, commands } = this.#options;
    const untilMs = clock.monotonicMs() + withinMs;
    try {
      for (const { id } of run.commands) {
        const leftMs = untilMs - clock.monotonicMs();
        if (leftMs <= 0) break;
        await commands.settled(id, leftMs, until);
      }
    } catch (error) {
      // Too many wait already, or a device was removed meanwhile: the commands were sent all the same.
      if (!isHearthError(error)) throw error;
    }
    const now = new Map(commands.ofBatch(run.batch_id).map((command) => [command.id, command]));
    return runOf(
      run.batch_id,
      run.commands.map((command) => now.get(command.id) ?? command),
      run.refused,
    );
  }

  /** What became of a run, as far as its commands are kept. @throws HearthError `not_found`. */
  result(batchId: string): Run {
    const commands = this.#options.commands.ofBatch(batchId);
    const refused = this.#options.store.batch(batchId)?.refused ?? [];
    if (commands.length + refused.length === 0) throw unknownBatch(batchId);
    return runOf(batchId, commands, refused);
  }

  #earlierRun({ subject, commands, idempotencyKey }: RunRequest): Batch | undefined {
    if (idempotencyKey === undefined) return undefined;
    const sinceMs = this.#options.clock.nowMs() - sameRunWithinMs;
    const earlier = this.#options.store.batchOfKey(subject, idempotencyKey, sinceMs);
    if (earlier !== undefined && earlier.wantedHash !== hashOf(commands)) {
      throw new HearthError('conflict', 'this idempotencyKey stands for other commands already', {
        field: 'idempotencyKey',
        hint: 'Use another key for another run.',
      });
    }
    return earlier;
  }

  /** Writes down that it is to happen before any of it does. */
  #open(request: RunRequest, { steps, refused }: Plan): Batch {
    const { db, store, audit, clock } = this.#options;
    const { subject, auditAction, idempotencyKey, requester } = request;
    const createdAtMs = Math.floor(clock.nowMs());
    const id = sortableId(createdAtMs);
    const wantedHash = hashOf(request.commands);
    const batch: Batch = { id, subject, wantedHash, idempotencyKey, refused, createdAtMs };
    db.transaction(() => {
      store.addBatch(batch);
      audit.append({
        actor: requester.actor,
        action: auditAction,
        subject,
        outcome: 'ok',
        origin: requester.origin ?? '',
        detail: { batch_id: id, commands: steps.length, refused: refused.length },
      });
    })();
    return batch;
  }

  #send(
    { source, requester, expiresInMs, idempotencyKey }: RunRequest,
    plan: Plan,
    batchId: string,
  ) {
    const commands: Command[] = [];
    const refused: Refusal[] = [...plan.refused];
    const requests = plan.steps.map(({ index, deviceId, action, value }) => ({
      deviceId,
      action,
      value,
      expiresInMs,
      // The batch's own id: the caller's key may be in use for another scene of this device.
      idempotencyKey: idempotencyKey === undefined ? undefined : `${batchId}:${index}`,
      source,
      requestedBy: requester.actor,
      origin: requester.origin,
      batchId,
    }));
    for (const [place, result] of this.#options.commands.sendAll(requests).entries()) {
      if (!isHearthError(result)) commands.push(result);
      else refused.push(refusalOf(requests[place]?.deviceId ?? '', result));
    }
    return { commands, refused };
  }
}

const hashOf = (commands: readonly SceneCommand[]): string =>
  createHash('sha256').update(JSON.stringify(commands)).digest('hex');

const runOf = (
  batchId: string,
  commands: readonly Command[],
  refused: readonly Refusal[],
): Run => ({
  batch_id: batchId,
  status: combinedStatus(
    commands.map(({ status }) => status),
    refused.length,
  ),
  commands,
  refused,
});
