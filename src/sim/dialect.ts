import { isRecord } from './record.ts';

/** Families of devices: Hearth's own, and those of the purifier's and the plug's documents. */
export type DialectName = 'native' | 'purifier' | 'smartplug';

/** Where a device speaks and listens. */
export interface Topics {
  readonly telemetry: string;
  readonly status: string;
  readonly command: string;
  readonly config: string;
  /** Absent for a device that answers by its status alone. */
  readonly ack?: string;
}

/** A command as the wire has it, whatever its dialect calls the parts. */
export interface WireCommand {
  readonly id: string;
  readonly action: string;
  readonly value: unknown;
  readonly expiresAtMs: number;
}

/** What a device answers to a command or a configuration. */
export interface Answer {
  readonly id: string;
  readonly ok: boolean;
  readonly message?: string;
  readonly state?: Readonly<Record<string, unknown>>;
}

/** What one family of devices calls things. */
export interface Dialect {
  topics(deviceId: string): Topics;
  /** The members of a command that hold its id and its action. */
  readonly members: { readonly id: string; readonly action: string };
  /** The JSON of an acknowledgment. */
  ack(answer: Answer): object;
}

const nativeAck = ({ id, ok, message, state }: Answer): object => ({
  id,
  status: ok ? 'ok' : 'error',
  message,
  state,
});

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  native: {
    topics: (id) => ({
      telemetry: `devices/${id}/telemetry`,
      status: `devices/${id}/status`,
      command: `devices/${id}/command`,
      config: `devices/${id}/config`,
      ack: `devices/${id}/ack`,
    }),
    members: { id: 'id', action: 'action' },
    ack: nativeAck,
  },
  // The purifier's documents have neither a status nor a configuration topic: it uses the native ones.
  purifier: {
    topics: (id) => ({
      telemetry: `device/${id}/data`,
      status: `devices/${id}/status`,
      command: `device/${id}/command`,
      config: `devices/${id}/config`,
      ack: `device/${id}/ack`,
    }),
    members: { id: 'commandId', action: 'action' },
    ack: ({ id, ok, message, state }) => ({
      commandId: id,
      status: ok ? 'success' : 'failed',
      error: message,
      deviceState: state,
    }),
  },
  smartplug: {
    topics: (id) => ({
      telemetry: `smartplug/${id}/telemetry`,
      status: `smartplug/${id}/status`,
      command: `smartplug/${id}/control`,
      config: `smartplug/${id}/config`,
    }),
    members: { id: 'id', action: 'command' },
    ack: nativeAck,
  },
};

/** Reads a command; `undefined` when a part that it must have is missing or of the wrong kind. */
export function readCommand(dialect: Dialect, body: unknown): WireCommand | undefined {
  if (!isRecord(body)) return undefined;
  const id = body[dialect.members.id];
  const action = body[dialect.members.action];
  const expiresAtMs =
    typeof body.expires_at === 'string' ? Date.parse(body.expires_at) : Number.NaN;
  if (!isName(id) || !isName(action) || Number.isNaN(expiresAtMs)) return undefined;
  return { id, action, value: body.value ?? null, expiresAtMs };
}

/** Reads a configuration document. */
export function readConfig(
  body: unknown,
): { readonly version: number; readonly config: Readonly<Record<string, unknown>> } | undefined {
  if (!isRecord(body) || !isRecord(body.config)) return undefined;
  const { version, config } = body;
  return Number.isSafeInteger(version) ? { version: Number(version), config } : undefined;
}

const longestName = 128;
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= longestName;
