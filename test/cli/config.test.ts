import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { describeConfig, environmentName, loadConfig, strangeVariables } from '#config';
import { temporaryDirectory } from '../support/directory.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

async function withFile(content: object): Promise<string> {
  const data = await temporaryDirectory();
  await writeFile(join(data, 'config.json'), JSON.stringify(content));
  return data;
}

it.each([[{ 'https.port': 9443 }], [{ https: { port: 9443 } }], [{ https: { port: '9443' } }]])(
  'reads %j in config.json',
  async (content) => {
    const data = await withFile(content);
    expect(loadConfig({ overrides: { data }, environment: {} })['https.port']).toBe(9443);
  },
);

it('refuses a setting in a group that does not exist', async () => {
  const data = await withFile({ https: { prot: 1 } });
  expect(() => loadConfig({ overrides: { data }, environment: {} })).toThrow(
    'there is no setting "https.prot"',
  );
});

const portWords = 'is not a whole number between 0 and 65535';
it.each([
  ['https.port', 'banana', portWords],
  ['https.port', '70000', portWords],
  ['https.port', '1.5', portWords],
  ['https.port', null, portWords],
  ['mqtt.port', 'some', 'is neither a port between 0 and 65535 nor any'],
  ['limits.queued', '0', 'is not a whole number from 1 on'],
  ['tls.min_version', '1.1', 'is not one of 1.2, 1.3'],
  ['log.level', 'loud', 'is not one of trace, debug, info, warn, error, silent'],
  ['dashboard.build', 'yes', 'is neither true nor false'],
  ['home.name', 7, 'is not a text'],
  ['home.time_zone', 'Mars/Olympus', 'is not a time zone (write Europe/Berlin)'],
])('says in plain words what is wrong with %s: %j', async (key, value, words) => {
  const data = await withFile({ [key]: value });
  expect(() => loadConfig({ overrides: { data }, environment: {} })).toThrow(
    `the setting ${key} ${words}: ${JSON.stringify(value)}`,
  );
});

it('takes ports as numbers and as digits, and any', () => {
  const overrides = { 'http.port': '0', 'https.port': 65_535, 'mqtt.port': 'any' };
  expect(loadConfig({ overrides, environment: {} })).toMatchObject({
    'http.port': 0,
    'https.port': 65_535,
    'mqtt.port': 'any',
  });
});

describe('a setting in a file', () => {
  async function load(content: string, more: Record<string, string> = {}, name = 'HTTPS_PORT') {
    const path = join(await temporaryDirectory(), 'value');
    await writeFile(path, content);
    return loadConfig({ environment: { [`HEARTH_${name}_FILE`]: path, ...more } });
  }

  it.each([
    ['9443', 9443],
    ['9443\n', 9443],
    ['9443\r\n', 9443],
  ])('is what stands there, without the end of its line: %j', async (content, port) => {
    expect((await load(content))['https.port']).toBe(port);
  });

  it('keeps every other blank and line end: they may belong to a secret', async () => {
    const config = await load(' a b \n\n', {}, 'OIDC_CLIENT_SECRET');
    expect(config['oidc.client_secret']).toBe(' a b \n');
  });

  it('may be any setting, and its variable is a strange one to nobody', async () => {
    const names = describeConfig().map(({ environment }) => environment);
    for (const name of names) expect(names).not.toContain(`${name}_FILE`);
    const environment = Object.fromEntries(names.map((name) => [`${name}_FILE`, '/x']));
    expect(strangeVariables(environment)).toEqual([]);
    for (const { key } of describeConfig()) {
      const variable = `${environmentName(key)}_FILE`;
      const load = () => loadConfig({ environment: { [variable]: '/nowhere/at/all' } });
      expect(load, key).toThrow(expect.objectContaining({ code: 'bad_config', field: variable }));
      expect(load, key).toThrow(`${variable} cannot be read`);
    }
  });

  it.each([
    ['larger than 64 kB', 'x'.repeat(64 * 1024 + 1), {}],
    ['empty', '\n', {}],
    ['both set', '1', { HEARTH_OIDC_CLIENT_SECRET: 'plum-kettle' }],
  ])('is refused when it is %s, and nothing of it is said', async (problem, content, more) => {
    const refused = load(content, more, 'OIDC_CLIENT_SECRET');
    await expect(refused).rejects.toMatchObject({
      code: 'bad_config',
      field: 'HEARTH_OIDC_CLIENT_SECRET_FILE',
      message: expect.stringMatching(
        new RegExp(`HEARTH_OIDC_CLIENT_SECRET_FILE.*${problem}|${problem}`),
      ),
    });
    await expect(refused).rejects.not.toThrow(/xxxx|plum/);
  });

  it('is refused when it is a folder, and never waited for when it is a pipe', async () => {
    for (const path of [await temporaryDirectory(), '/dev/zero']) {
      expect(() => loadConfig({ environment: { HEARTH_HOME_NAME_FILE: path } })).toThrow(
        'is not a file',
      );
    }
  });

  it('is refused when it is not there, and when what it holds cannot be, by its own name', async () => {
    const path = join(await temporaryDirectory(), 'nothing');
    const environment = { HEARTH_HOME_NAME_FILE: path };
    expect(() => loadConfig({ environment })).toThrow('HEARTH_HOME_NAME_FILE');
    const refused = load('abc');
    await expect(refused).rejects.toMatchObject({
      code: 'bad_config',
      field: 'HEARTH_HTTPS_PORT_FILE',
    });
    await expect(refused).rejects.not.toThrow('abc');
  });
});

describe('a secret setting', () => {
  it('is shown as set, in a table and as JSON', async () => {
    const at = await CommandLine.open();
    at.environment = { HEARTH_OIDC_CLIENT_SECRET: 'plum-kettle-orbit' };
    for (const words of [['config'], ['config', '--json']]) {
      at.output.text = '';
      await at.run(...words, '--data', '.');
      expect(at.output.text).toContain('(set)');
      expect(at.output.text).not.toContain('plum-kettle');
    }
  });

  it('is not said back when it is wrong', async () => {
    const data = await withFile({ 'oidc.client_secret': ['plum-kettle-orbit'] });
    const load = () => loadConfig({ overrides: { data }, environment: {} });
    expect(load).toThrow('the setting oidc.client_secret is not a text: not shown here');
  });

  it('is each whose name sounds so', () => {
    const named = /(^|[._])secret(_|$)|password|token$/;
    for (const { key, secret } of describeConfig()) expect(secret, key).toBe(named.test(key));
  });
});

it.each([
  ['https.allowed_origins', '*'],
  ['https.allowed_origins', 'null'],
  ['https.allowed_origins', 'https://panel.home.example/'],
  ['https.allowed_origins', 'https://*.home.example'],
  ['https.allowed_origins', 'https://a.example,panel.home.example'],
  ['https.allowed_origins', 'https://panel.home.example:443'],
  ['https.allowed_origins', 'HTTPS://panel.home.example'],
  ['https.allowed_origins', 'https://anna@panel.home.example'],
  ['https.allowed_origins', 'file:///tmp/x'],
  ['oidc.issuer', 'http://login.example'],
  ['oidc.issuer', 'login.example'],
  ['oidc.issuer', 'https://login.example?x=1'],
  ['audit.retention_days', '0'],
])('refuses %s = %j', (key, value) => {
  const environment = { [environmentName(key)]: value };
  expect(() => loadConfig({ environment })).toThrow(`the setting ${key} is not`);
});

it('takes exact origins and issuers', () => {
  const environment = {
    HEARTH_HTTPS_ALLOWED_ORIGINS: 'https://panel.home.example, http://192.168.1.4:8123',
    HEARTH_OIDC_ISSUER: 'http://127.0.0.1:3000/realm',
  };
  expect(loadConfig({ environment })).toMatchObject({
    'https.allowed_origins': ['https://panel.home.example', 'http://192.168.1.4:8123'],
    'oidc.issuer': 'http://127.0.0.1:3000/realm',
  });
});

it('knows a variable that is no setting, and what it is most like', () => {
  const environment = {
    HEARTH_DATA: 'x',
    HEARTH_DEBUG: '1',
    HEARTH_HOME_TIMEZONE: 'UTC',
    HOME: '',
  };
  expect(strangeVariables(environment)).toEqual([
    { name: 'HEARTH_HOME_TIMEZONE', meant: 'HEARTH_HOME_TIME_ZONE' },
  ]);
});

it('shows all of a table in a pipe, and all but free text on a terminal', async () => {
  const at = await CommandLine.open();
  const whole =
    'HEARTH_TELEMETRY_RETENTION_DAYS    days of raw readings; older ones arrive too late';
  const shown = async (terminal: object, environment = {}) => {
    at.output.text = '';
    at.environment = environment;
    Object.assign(at.output, terminal);
    await at.run('config', '--data', '.');
    return at.output.text;
  };
  expect(await shown({ columns: 60 })).toContain(whole);
  expect(await shown({ isTTY: true, columns: 200 }, { COLUMNS: '125' })).toMatch(
    /HEARTH_TELEMETRY_RETENTION_DAYS {4}days of raw.*…$/m,
  );
  expect(await shown({ isTTY: true, columns: 150 }, { COLUMNS: '300' })).toContain(whole);
});

describe('hearth config beside a hub that runs', () => {
  const shell = 'These are the settings of this shell; the running hub may have been started';

  it('says that the hub may have other settings, and which ports it has', async () => {
    const at = await CommandLine.open();
    at.environment = { HEARTH_HTTPS_PORT: '8443' };
    const addresses = { https: { port: 9443 }, mqtts: { port: 8883 }, mqtt: null };
    const status = new Hono().get('/status', (context) => context.json({ addresses }));
    await listenOnSocket(at.directory, status);
    expect(await at.run('config')).toBe(0);
    expect(at.errors.text).toContain(shell);
    expect(at.errors.text).toContain('The running hub has https.port 9443, not 8443.\n');
    expect(at.errors.text).not.toContain('mqtt');
  });

  it('shows its own settings also when the hub does not answer', async () => {
    const at = await CommandLine.open();
    const failing = new Hono().get('/status', (context) => context.text('no', 500));
    await listenOnSocket(at.directory, failing);
    expect(await at.run('config')).toBe(0);
    expect(at.errors.text).toContain(shell);
  });

  it('says nothing of a hub that does not run', async () => {
    const at = await CommandLine.open();
    expect(await at.run('config')).toBe(0);
    expect(at.errors.text).toBe('');
  });
});
