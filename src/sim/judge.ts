import type { CommandMemory } from './command-memory.ts';
import { type Dialect, readCommand, readConfig, type WireCommand } from './dialect.ts';
import { parseJson } from './record.ts';
import type { Verifier } from './signature.ts';

/** What the firmware goes by. */
export interface Law {
  readonly deviceId: string;
  readonly dialect: Dialect;
  /** Absent for a device without the hub's keys: it believes whoever reaches its topic. */
  readonly verifier?: Verifier | undefined;
}

export type Verdict =
  | { readonly kind: 'execute'; readonly command: WireCommand }
  /** Executed before: the answer is due again, the deed is not. */
  | { readonly kind: 'again'; readonly id: string }
  /** Taken on before and still being done: its answer comes by itself. */
  | { readonly kind: 'under way'; readonly id: string }
  | { readonly kind: 'refuse'; readonly id?: string; readonly reason: string };

/**
 * Whether a device executes what it was sent. A command counts once by its id, counts for this device
 * alone, as the signature covers the device id, and counts until it expires.
 * @param problemOf what is wrong with an action and its value for this kind of device, in words.
 */
export function judgeCommand(
  payload: Buffer,
  law: Law,
  memory: CommandMemory,
  nowMs: number,
  problemOf: (action: string, value: unknown) => string | undefined,
): Verdict {
  const command = readCommand(law.dialect, parseJson(payload));
  if (command === undefined) return { kind: 'refuse', reason: 'malformed command' };
  const { id, action, value, expiresAtMs } = command;
  const refuse = (reason: string): Verdict => ({ kind: 'refuse', id, reason });
  if (law.verifier?.('command', law.deviceId, payload) === false) return refuse('bad signature');
  if (memory.hasExecuted(id)) return { kind: 'again', id };
  if (memory.isUnderWay(id)) return { kind: 'under way', id };
  if (nowMs >= expiresAtMs) return refuse('expired');
  if (memory.isFull) return refuse('too many commands at once');
  const problem = problemOf(action, value);
  return problem === undefined ? { kind: 'execute', command } : refuse(problem);
}

export type ConfigVerdict =
  | {
      readonly kind: 'apply';
      readonly version: number;
      readonly config: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'refuse'; readonly id?: string; readonly reason: string };

/** Whether a device takes a configuration on. An older one than it has is a replay. */
export function judgeConfig(payload: Buffer, law: Law, currentVersion: number): ConfigVerdict {
  const document = readConfig(parseJson(payload));
  if (document === undefined) return { kind: 'refuse', reason: 'malformed configuration' };
  const { version, config } = document;
  const refuse = (reason: string): ConfigVerdict => ({
    kind: 'refuse',
    id: configId(version),
    reason,
  });
  if (law.verifier?.('config', law.deviceId, payload) === false) return refuse('bad signature');
  if (version < currentVersion) return refuse(`version ${currentVersion} is newer`);
  return { kind: 'apply', version, config };
}

/** What an answer to a configuration calls it. */
export const configId = (version: number): string => `config-${version}`;
