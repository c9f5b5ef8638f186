import { expect, it } from 'vitest';
import { HearthError } from '#kernel';
import { exitCodeOf, Finding } from '../../src/cli/exit-codes.ts';
import { CommandLine } from './command-line.ts';

it.each([
  ['bad_request', 64],
  ['unprocessable', 65],
  ['not_found', 66],
  ['unavailable', 69],
  ['already_running', 69],
  ['address_in_use', 69],
  ['conflict', 73],
  ['data_directory', 73],
  ['storage_full', 74],
  ['timed_out', 75],
  ['forbidden', 77],
  ['bad_config', 78],
] as const)('%s ends with %d', (code, exitCode) => {
  expect(exitCodeOf(new HearthError(code, 'no'))).toBe(exitCode);
});

it('a finding ends with 1', () => {
  expect(exitCodeOf(new Finding('conflict', 'row 3 was altered'))).toBe(1);
});

it('a bug ends with 70', () => {
  expect(exitCodeOf(new TypeError('oops'))).toBe(70);
});

it.each([
  ['', 64, 'no command was given. Add --help to see what there is.'],
  ['devcie list', 64, "unknown command 'devcie'. Did you mean device?"],
  ['device list --jsn', 64, "unknown option '--jsn'. Did you mean --json?"],
  ['device add', 64, "missing required argument 'id'. Add --help to see what there is."],
  [
    'token create --name n',
    64,
    "required option '--role <role>' not specified. Add --help to see what there is.",
  ],
  [
    'simulate',
    64,
    'simulate takes one of --preset, --devices, --replay, --interactive and --remove.',
  ],
  ['simulate --preset home --remove', 64, 'simulate takes one of'],
  ['simulate --devices 0', 64, '--devices takes a number from 1 to 2000, not "0".'],
  ['simulate --devices 2 --loss 101', 64, '--loss takes a number from 0 to 100, not "101".'],
  ['simulate --devices 2 --duration soon', 64, '--duration is not a duration: "soon".'],
  ['simulate --devices 2 --behave well', 64, '--behave is no behaviour: "well".'],
  ['simulate --replay a.csv --behave nack', 64, '--behave is not for a replay: it hears nothing.'],
  ['start --set port', 64, '--set takes key=value, not "port".'],
  [
    'start --set http.port=x',
    78,
    'the setting http.port is not a whole number between 0 and 65535: "x"',
  ],
  ['start --set foo.bar=1', 78, 'there is no setting "foo.bar". Did you mean'],
  ['start --set http.prot=1', 78, 'there is no setting "http.prot". Did you mean http.port?'],
  ['start --set data=x', 64, '--set does not take the data directory. Say it with --data DIR.'],
  ['logs -n abc', 64, '--lines is not a whole number from 1 to 2000: "abc".'],
  ['logs -n 0', 64, '--lines is not a whole number from 1 to 2000: "0".'],
  ['query plug-1 --agg avg', 64, '--agg needs --interval.'],
  ['query plug-1 --tz UTC', 64, '--tz needs --interval.'],
  ['device add x --csr missing.csr', 66, 'the request cannot be read: ENOENT'],
])('hearth %s ends with %d and says %s', async (command, code, message) => {
  const at = await CommandLine.open();
  expect(await at.run(...command.split(' ').filter((word) => word !== ''))).toBe(code);
  expect(at.errors.text).toContain(`hearth: ${message}`);
  expect(at.errors.text).not.toContain('    at ');
  expect(at.output.text).toBe('');
});

it.each([['--help'], ['device --help'], ['--version']])(
  'hearth %s is no error',
  async (command) => {
    const at = await CommandLine.open();
    expect(await at.run(...command.split(' '))).toBe(0);
    expect(at.output.text).not.toBe('');
    expect(at.errors.text).toBe('');
  },
);

it('lists every setting with its default, variable and value', async () => {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HTTP_PORT: '9999' };
  expect(await at.run('config', '--json')).toBe(0);
  const settings = JSON.parse(at.output.text) as { key: string }[];
  expect(settings.find(({ key }) => key === 'http.port')).toMatchObject({
    value: 9999,
    default: 8080,
    environment: 'HEARTH_HTTP_PORT',
  });
});
