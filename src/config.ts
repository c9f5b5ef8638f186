import { existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { HearthError, isHearthError, messageOf, nearest } from '#kernel';

/** A whole number, as a number or in digits; the same words for whatever else it is. */
function wholeNumber(low: number, high: number) {
  const words =
    high === Number.MAX_SAFE_INTEGER
      ? `is not a whole number from ${low} on`
      : `is not a whole number between ${low} and ${high}`;
  const digits = z.string().regex(/^\d+$/).transform(Number);
  return z
    .union([z.number(), digits], { error: words })
    .pipe(z.number().int(words).min(low, words).max(high, words));
}

const port = wholeNumber(0, 65_535);
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: `is not one of ${words.join(', ')}` });
const text = z.string({ error: 'is not a text' });
const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0'])], { error: 'is neither true nor false' })
  .transform((value) => value === true || value === 'true' || value === '1');
const degrees = (most: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?\d{1,3}(\.\d+)?$/)
          .transform(Number),
      ],
      {
        error: 'is not a number of degrees',
      },
    )
    .pipe(
      z
        .number()
        .min(-most, `is not between -${most} and ${most}`)
        .max(most, `is not between -${most} and ${most}`),
    )
    .optional();
const list = z
  .union([z.array(z.string()), z.string()], { error: 'is not a list of texts' })
  .transform((value) => (typeof value === 'string' ? value.split(',') : value))
  .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''));

const origins = list.refine((values) => values.every(isOrigin), {
  error: 'is not a list of origins (write https://panel.home.example:8123)',
});
/** Marks a setting that is shown to nobody, wherever settings are shown. */
const secret = <Schema extends z.ZodType>(schema: Schema, help: string) =>
  schema.meta({ description: help, secret: true });

/**
 * Every setting of a hub: its type, its default and what `hearth config` says of it. A key `a.b` is
 * also the environment variable `HEARTH_A_B` and, in `config.json` in the data directory, `"a.b"`.
 * `HEARTH_A_B_FILE` names a file that holds the value (credentials of systemd, secrets of Docker).
 */
const settings = {
  data: text.min(1, 'is empty').default('./data').describe('where everything is kept'),
  'home.name': text
    .min(1, 'is empty')
    .max(100, 'is longer than 100 characters')
    .default('Home')
    .describe('what the dashboard calls this home'),
  'home.time_zone': text
    .default(Intl.DateTimeFormat().resolvedOptions().timeZone)
    .refine(isTimeZone, 'is not a time zone (write Europe/Berlin)')
    .describe('the time zone that days and schedules mean'),
  'home.latitude': degrees(90).describe('for sunrise and sunset: degrees, north is positive'),
  'home.longitude': degrees(180).describe('for sunrise and sunset: degrees, east is positive'),
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
  'https.allowed_origins': origins
    .default([])
    .describe('other origins whose pages may use the API with a token (CORS)'),
  'mqtts.address': z.string().default('0.0.0.0').describe('address that MQTT over TLS listens on'),
  'mqtts.port': port.default(8883).describe('MQTT over TLS with client certificates'),
  'mqtt.address': z.string().default('0.0.0.0').describe('address that plain MQTT listens on'),
  'mqtt.port': z
    .union([port, z.literal('any')], { error: 'is neither a port between 0 and 65535 nor any' })
    .default(0)
    .describe('plain MQTT with user name and password; 0 is off, any is a free port'),
  'tls.min_version': oneOf('1.2', '1.3').default('1.3').describe('oldest TLS version accepted'),
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
  'telemetry.minute_days': count.default(30).describe('days that sums by the minute are kept'),
  'telemetry.hour_days': count.default(365).describe('days that sums by the hour are kept'),
  'telemetry.day_days': count.default(5 * 365).describe('days that sums by the day are kept'),
  'telemetry.free_disk_mb': wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(1024)
    .describe('room to be left on the disk, in MB: below it the oldest raw readings go'),
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
  'commands.retention_days': count.default(30).describe('days that commands are kept'),
  'audit.retention_days': count.default(365).describe('days that the audit is kept'),
  'secrets.key_file': text
    .optional()
    .describe('file with the key of all secrets; hearth.key in the data directory when not set'),
  'oidc.issuer': text
    .optional()
    .refine((value) => value === undefined || isIssuer(value), {
      error: 'is not an https address (http is for this machine alone)',
    })
    .describe('address of the OpenID Connect provider that people may sign in by'),
  'oidc.client_id': text.optional().describe('what that provider calls this hub'),
  'oidc.client_secret': secret(
    text.optional(),
    'what this hub proves itself to that provider with',
  ),
  'oidc.name': text
    .min(1, 'is empty')
    .max(60, 'is longer than 60 characters')
    .default('your provider')
    .describe('what the sign-in button calls that provider'),
  'oidc.link_by_email': flag
    .default(false)
    .describe('whether a verified e-mail address of that provider signs in the person who has it'),
  'smtp.host': text
    .optional()
    .describe('mail server for codes that people ask for; no mail without'),
  'smtp.port': port.default(587).describe('port of the mail server'),
  'smtp.security': oneOf('tls', 'starttls', 'none')
    .default('starttls')
    .describe('how mail is protected on its way; none only for a server on this machine'),
  'smtp.user': text.optional().describe('name that the hub signs in to the mail server with'),
  'smtp.password': secret(text.optional(), 'password of that name'),
  'smtp.from': text.optional().describe('address that mail comes from: Home <hub@home.example>'),
  's3.endpoint': text
    .optional()
    .describe('address of S3-compatible storage for exports; that of Amazon when not set'),
  's3.region': text.default('us-east-1').describe('region of that storage'),
  's3.access_key_id': text.optional().describe('key that exports are signed with'),
  's3.secret_access_key': secret(text.optional(), 'secret of that key'),
  'clock.trusted': flag
    .default(false)
    .describe('believe the clock of this machine even when it is behind the last record'),
  'dashboard.build': flag.default(true).describe('whether the dashboard is built when it is stale'),
  'log.level': oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent')
    .default('info')
    .describe('how much is logged'),
  'log.pretty': flag
    .default(process.stderr.isTTY === true)
    .describe('coloured lines instead of JSON'),
} as const;

const schema = z.strictObject(settings);

export type Config = Readonly<z.output<typeof schema>>;
export type ConfigKey = keyof Config;

const keys = Object.keys(settings) as ConfigKey[];

const isSecret = (key: string): boolean =>
  Object.hasOwn(settings, key) && settings[key as ConfigKey].meta()?.secret === true;

/** The environment variable that sets `key`: `http.port` → `HEARTH_HTTP_PORT`. */
export const environmentName = (key: string): string =>
  `HEARTH_${key.toUpperCase().replaceAll('.', '_')}`;

export interface ConfigSources {
  /** Values from the command line; they win. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the settings: command line over environment over `config.json` over defaults.
 * @throws HearthError `bad_config` naming the setting and the value at fault.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const environment = sources.environment ?? process.env;
  // What the command line names and no setting is called stays in, for the schema to refuse.
  const given: Record<string, unknown> = {};
  const fromFiles = new Set<string>();
  for (const key of [...keys, ...Object.keys(sources.overrides ?? {})]) {
    const name = environmentName(key);
    const override = sources.overrides?.[key];
    const value = override ?? fromEnvironment(environment, name);
    if (value === undefined || value === '') continue;
    given[key] = value;
    if (override === undefined && environment[`${name}_FILE`]) fromFiles.add(key);
  }
  const data = String(given.data ?? './data');
  return check({ ...readFile(`${data}/config.json`), ...given }, fromFiles);
}

/** More than any setting is long. */
const mostFileBytes = 64 * 1024;

/**
 * The variable `name`, or what is in the file that `name`_FILE names, without the end of its line.
 * @throws HearthError `bad_config` naming the variable, never what is in the file.
 */
function fromEnvironment(
  environment: NonNullable<ConfigSources['environment']>,
  name: string,
): string | undefined {
  const value = environment[name];
  const path = environment[`${name}_FILE`];
  if (path === undefined || path === '') return value;
  if (value !== undefined && value !== '') {
    throw badFile(name, `${name} and ${name}_FILE are both set`, 'Set one of them.');
  }
  const hint = `Mend the file, or unset ${name}_FILE.`;
  try {
    const file = statSync(path);
    if (!file.isFile()) throw badFile(name, `${name}_FILE: ${path} is not a file`, hint);
    if (file.size > mostFileBytes) {
      throw badFile(name, `${name}_FILE: ${path} is larger than 64 kB`, hint);
    }
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text === '') throw badFile(name, `${name}_FILE: ${path} is empty`, hint);
    return text;
  } catch (error) {
    if (isHearthError(error)) throw error;
    throw badFile(name, `${name}_FILE cannot be read: ${messageOf(error)}`, hint);
  }
}

const badFile = (name: string, message: string, hint: string): HearthError =>
  new HearthError('bad_config', message, { field: `${name}_FILE`, hint });

/** Every setting with its default and its help, for `hearth config` and the docs. */
export function describeConfig(): {
  key: ConfigKey;
  environment: string;
  fallback: unknown;
  help: string;
  /** Whether its value is shown to nobody. */
  secret: boolean;
}[] {
  const fallback = schema.parse({});
  return keys.map((key) => ({
    key,
    environment: environmentName(key),
    fallback: fallback[key],
    help: settings[key].description ?? '',
    secret: isSecret(key),
  }));
}

function readFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const written: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return flat(
      z.record(z.string(), z.unknown(), { error: 'it is a list or a value' }).parse(written),
    );
  } catch (error) {
    throw new HearthError('bad_config', `${path} is not a JSON object: ${messageOf(error)}`, {
      hint: 'Mend the file, or move it away to start with the defaults.',
    });
  }
}

/** `{"https": {"port": 1}}` means what `{"https.port": 1}` means. */
function flat(written: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(written).flatMap(([name, value]): [string, unknown][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[name, value]];
    return Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one]);
  });
  return Object.fromEntries(entries);
}

/** @param fromFiles the settings whose values were read from the files of their variables. */
function check(values: Record<string, unknown>, fromFiles: ReadonlySet<string>): Config {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? '';
    throw new HearthError('bad_config', `there is no setting "${name}"`, {
      field: name,
      hint: `Did you mean ${nearest(name, keys)}? hearth config lists every setting.`,
    });
  }
  const key = String(issue?.path[0] ?? '');
  if (fromFiles.has(key)) {
    const name = environmentName(key);
    const what = `${name}_FILE: what is in the file ${issue?.message} (the setting ${key})`;
    throw badFile(name, what, `Mend the file, or unset ${name}_FILE.`);
  }
  const shown = isSecret(key) ? 'not shown here' : JSON.stringify(values[key])?.slice(0, 60);
  throw new HearthError('bad_config', `the setting ${key} ${issue?.message}: ${shown}`, {
    field: key,
    hint: `Change ${key} in config.json, ${environmentName(key)} or the command line.`,
  });
}

/** Variables that are no settings and mean something all the same: to the command line or the tests. */
const otherVariables = [
  'HEARTH_DEBUG',
  'HEARTH_NODE_FLAGS',
  'HEARTH_TEST_PEERS',
  'HEARTH_FAULT_ROUNDS',
];

/** Variables that look like settings and are none, with the one that each is most like. */
export function strangeVariables(
  environment: NonNullable<ConfigSources['environment']>,
): { readonly name: string; readonly meant: string }[] {
  const names = keys.map(environmentName).flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('HEARTH_'))
    .filter((name) => !names.includes(name) && !otherVariables.includes(name))
    .map((name) => ({ name, meant: nearest(name, names) }));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A scheme, a host and perhaps a port, as a browser spells it in `Origin` (RFC 6454 §6.2). */
function isOrigin(value: string): boolean {
  return /^https?:[^*]+$/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** OpenID Connect Discovery 1.0 §3: https. In the clear only for a provider on this very machine. */
function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, search, hash } = new URL(value);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (
    search === '' && hash === '' && (protocol === 'https:' || (protocol === 'http:' && isHere))
  );
}
