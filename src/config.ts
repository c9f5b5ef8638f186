import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { HearthError, messageOf } from '#kernel';

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1);
const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0'])])
  .transform((value) => value === true || value === 'true' || value === '1');
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value))
  .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''));

/**
 * Every setting of a hub: its type, its default and what `hearth config` says of it. A key `a.b` is
 * also the environment variable `HEARTH_A_B` and, in `config.json` in the data directory, `"a.b"`.
 */
const settings = {
  data: z.string().min(1).default('./data').describe('where everything is kept'),
  'home.name': z
    .string()
    .min(1)
    .max(100)
    .default('Home')
    .describe('what the dashboard calls this home'),
  'home.time_zone': z
    .string()
    .default(Intl.DateTimeFormat().resolvedOptions().timeZone)
    .refine(isTimeZone, 'is not a time zone (write Europe/Berlin)')
    .describe('the time zone that days and schedules mean'),
  'http.address': z.string().default('0.0.0.0').describe('address that HTTP listens on'),
  'http.port': port
    .default(8080)
    .describe('HTTP: everything for loopback; health and the CA for the LAN'),
  'https.address': z.string().default('0.0.0.0').describe('address that HTTPS listens on'),
  'https.port': port
    .default(8443)
    .describe('HTTPS: dashboard, API, WebSocket, MQTT over WebSocket'),
  'https.names': list
    .default([])
    .describe('more host names and addresses for the server certificate'),
  'mqtts.address': z.string().default('0.0.0.0').describe('address that MQTT over TLS listens on'),
  'mqtts.port': port.default(8883).describe('MQTT over TLS with client certificates'),
  'mqtt.address': z.string().default('0.0.0.0').describe('address that plain MQTT listens on'),
  'mqtt.port': z
    .union([port, z.literal('any')])
    .default(0)
    .describe('plain MQTT with user name and password; 0 is off, any is a free port'),
  'tls.min_version': z.enum(['1.2', '1.3']).default('1.3').describe('oldest TLS version accepted'),
  'limits.connections': count.default(2000).describe('MQTT connections at once'),
  'limits.connects_per_second': count.default(200).describe('new MQTT connections a second'),
  'limits.packet_bytes': count.default(256 * 1024).describe('largest MQTT packet, in bytes'),
  'limits.subscriptions': count.default(100).describe('subscriptions of one MQTT client'),
  'limits.inflight': count.default(256).describe('unacknowledged messages of one MQTT client'),
  'limits.queued': count
    .default(1000)
    .describe('messages kept for one offline MQTT client; the oldest go first'),
  'limits.retained': count.default(10_000).describe('retained MQTT messages kept in all'),
  'limits.messages_per_second': count.default(2000).describe('messages a second from one device'),
  'limits.body_bytes': count.default(1024 * 1024).describe('largest HTTP request body, in bytes'),
  'limits.websockets': count.default(100).describe('live-view WebSockets at once'),
  'telemetry.retention_days': count
    .default(7)
    .describe('days of raw readings; older ones arrive too late'),
  'telemetry.seal_points': count
    .default(200_000)
    .describe('readings in memory before they are sealed to Parquet'),
  'telemetry.seal_minutes': count
    .default(60)
    .describe('minutes before readings in memory are sealed to Parquet'),
  'telemetry.memory_mb': count.default(128).describe('memory that DuckDB may use, in MB'),
  'telemetry.quarantine': count
    .default(1000)
    .describe('malformed messages kept for the owner to read'),
  'dashboard.build': flag.default(true).describe('whether the dashboard is built when it is stale'),
  'log.level': z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('how much is logged'),
  'log.pretty': flag
    .default(process.stderr.isTTY === true)
    .describe('coloured lines instead of JSON'),
} as const;

const schema = z.strictObject(settings);

export type Config = Readonly<z.output<typeof schema>>;
export type ConfigKey = keyof Config;

/** The environment variable that sets `key`: `http.port` → `HEARTH_HTTP_PORT`. */
export const environmentName = (key: ConfigKey): string =>
  `HEARTH_${key.toUpperCase().replaceAll('.', '_')}`;

export interface ConfigSources {
  /** Values from the command line; they win. */
  readonly overrides?: Partial<Record<ConfigKey, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the settings: command line over environment over `config.json` over defaults.
 * @throws HearthError `bad_config` naming the setting and the value at fault.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const environment = sources.environment ?? process.env;
  const given: Partial<Record<ConfigKey, unknown>> = {};
  for (const key of Object.keys(settings) as ConfigKey[]) {
    const value = sources.overrides?.[key] ?? environment[environmentName(key)];
    if (value !== undefined && value !== '') given[key] = value;
  }
  const data = String(given.data ?? './data');
  return check({ ...readFile(`${data}/config.json`), ...given });
}

/** Every setting with its default and its help, for `hearth config` and the docs. */
export function describeConfig(): {
  key: ConfigKey;
  environment: string;
  fallback: unknown;
  help: string;
}[] {
  const fallback = schema.parse({});
  return (Object.keys(settings) as ConfigKey[]).map((key) => ({
    key,
    environment: environmentName(key),
    fallback: fallback[key],
    help: settings[key].description ?? '',
  }));
}

function readFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new HearthError('bad_config', `${path} is not a JSON object: ${messageOf(error)}`, {
      hint: 'Mend the file, or move it away to start with the defaults.',
    });
  }
}

function check(values: Record<string, unknown>): Config {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw new HearthError('bad_config', `there is no setting "${issue.keys[0]}"`, {
      hint: 'hearth config lists every setting.',
    });
  }
  const key = String(issue?.path[0] ?? '');
  const shown = JSON.stringify(values[key])?.slice(0, 60);
  throw new HearthError('bad_config', `the setting ${key} is ${shown}: ${issue?.message}`, {
    field: key,
    hint: `Change ${key} in config.json, ${environmentName(key as ConfigKey)} or the command line.`,
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
