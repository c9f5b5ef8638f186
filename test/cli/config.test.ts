import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, strangeVariables } from '#config';
import { temporaryDirectory } from '../support/directory.ts';
import { CommandLine } from './command-line.ts';

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
