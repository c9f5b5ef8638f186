/** What is said of a command elsewhere: in the audit and in alerts. */

import type { NewAlert } from '#alerts';
import type { AuditEntry } from '#audit';
import type { Draft } from './draft.ts';
import type { Settled } from './machine.ts';
import { type CommandRecord, words } from './record.ts';
import type { CommandRequest } from './types.ts';

export const createRow = ({ command, asked }: Draft, { origin }: CommandRequest): AuditEntry => ({
  actor: command.requestedBy,
  action: 'command.create',
  subject: `device:${command.deviceId}`,
  outcome: 'ok',
  ...(origin !== undefined && { origin }),
  detail: {
    ...actionDetail(command),
    ...(asked.action !== command.action && { asked: asked.action }),
    source: command.source,
    expires_at: new Date(command.expiresAtMs).toISOString(),
    ...(command.batchId !== null && { batch: command.batchId }),
  },
});

export const settleRow = (
  command: CommandRecord,
  settled: Settled & { readonly origin: string },
): AuditEntry => ({
  actor: settled.actor,
  action: 'command.settle',
  subject: `device:${command.deviceId}`,
  outcome: settled.outcome,
  origin: settled.origin,
  detail: {
    ...actionDetail(command),
    attempts: command.attempts,
    ...(settled.for !== undefined && { for: settled.for }),
    ...(command.error !== null && { error: command.error }),
  },
});

export function timedOutAlert(command: CommandRecord): NewAlert {
  const { id, deviceId, attempts, error } = command;
  return {
    kind: 'command_timed_out',
    deviceId,
    message: `${deviceId} did not do ${words(command)}: ${error}`,
    detail: { command: id, action: command.action, attempts },
  };
}

/** Settings may hold secrets: of an object only the names of its members are written down. */
function actionDetail({ id, action, value }: CommandRecord): Record<string, unknown> {
  if (value !== null && typeof value === 'object') {
    return { command: id, action, members: Object.keys(value).slice(0, 32) };
  }
  return { command: id, action, value };
}
