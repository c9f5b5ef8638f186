import type pino from 'pino';

/** The part of pino that Hearth writes to. Never hand it a secret: it keeps what it is given. */
export type Log = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(bindings: Record<string, unknown>): Log;
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** Coloured lines for a person instead of JSON for a machine. */
  readonly pretty: boolean;
  /** Where the lines go; standard error by default, so that standard output stays the command's own. */
  readonly destination?: NodeJS.WritableStream;
  /** Gets every line too, always as JSON. */
  readonly copy?: NodeJS.WritableStream;
}

/** Keys whose values are cut out wherever they appear in a log line, as the last line of defence. */
const secretKeys = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'apiKey',
  'key',
  'pem',
];

export async function createLog(options: LogOptions): Promise<Log> {
  // Loaded here, so that a worker or a command that only needs the type does not carry it.
  const { default: pino } = await import('pino');
  const destination = options.destination ?? process.stderr;
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  };
  const shown = options.pretty ? await prettyStream(destination) : destination;
  if (options.copy === undefined) return pino(settings, shown);
  const streams = [shown, options.copy].map((stream) => ({ level: 'trace' as const, stream }));
  return pino(settings, pino.multistream(streams));
}

async function prettyStream(destination: NodeJS.WritableStream): Promise<NodeJS.WritableStream> {
  // Loaded only for a terminal: a service never pays for it.
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
}

const silently = (): void => {};

export const silentLog: Log = {
  trace: silently,
  debug: silently,
  info: silently,
  warn: silently,
  error: silently,
  fatal: silently,
  child: () => silentLog,
};
