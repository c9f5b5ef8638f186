import { Command, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { type GlobalOptions, Invocation } from './invocation.ts';
import { accessCommands } from './program-access.ts';
import { collect } from './program-collect.ts';
import { controlCommands } from './program-control.ts';
import { historyCommands } from './program-history.ts';
import { settingCommands } from './program-settings.ts';
import { simulateCommand } from './program-simulate.ts';
import { trustCommands } from './program-trust.ts';
import type { Surroundings } from './surroundings.ts';
import type { Run, Verb } from './verb.ts';

/**
 * Every command there is: here, and in the files beside this one. What a verb does is loaded when it
 * is called, so that `hearth device list` does not wait for what only `hearth start` needs.
 */
export function program(around: Surroundings): Command {
  const hearth = new Command('hearth')
    .description('A self-hosted hub for your home.')
    .version(manifest.version, '-V, --version')
    .option('--data <dir>', 'data directory (HEARTH_DATA, or ./data)')
    .option('--json', 'answer in JSON, for programs')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => around.output.write(text),
      writeErr: (text) => around.errors.write(text),
      // What is wrong is said once, by whoever catches the error.
      outputError: () => undefined,
      getOutHelpWidth: () => around.output.columns ?? 100,
      getErrHelpWidth: () => around.errors.columns ?? 100,
    })
    .exitOverride();

  const run =
    <Arguments extends unknown[]>(load: () => Promise<Verb<Arguments>>) =>
    async (...given: unknown[]) => {
      const command = given.pop() as Command;
      const at = new Invocation(around, command.optsWithGlobals<GlobalOptions>());
      await (await load())(at, ...(given as Arguments));
    };

  hearth
    .command('start')
    .description('run the hub, until SIGTERM or Ctrl-C')
    .option('--set <key=value>', 'a setting, over every other place; repeatable', collect, [])
    .option('--no-build', 'do not build the dashboard when its sources are newer')
    .action(run(() => import('./start.ts').then(({ start }) => start)));
  hearth
    .command('status')
    .description('how the hub does')
    .action(run(() => import('./status.ts').then(({ status }) => status)));
  hearth
    .command('logs')
    .description('the last lines of the log of the running hub')
    .option('-f, --follow', 'and those to come')
    .option('-n, --lines <count>', 'how many', '100')
    .addOption(
      new Option('--level <level>', 'this urgent or more').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .action(run(() => import('./logs.ts').then(({ logs }) => logs)));
  hearth
    .command('config')
    .description('every setting: its value, its default and its environment variable')
    .addHelpText(
      'after',
      '\nThese are the settings of this shell; the running hub may have been started with others.',
    )
    .action(run(() => import('./config.ts').then(({ config }) => config)));

  deviceCommands(hearth.command('device').description('devices and their certificates'), run);
  roomCommands(hearth.command('room').description('rooms'), run);
  controlCommands(hearth, run);
  settingCommands(hearth, run);
  accessCommands(hearth, run);
  trustCommands(hearth, run);
  historyCommands(hearth, run);

  hearth
    .command('quarantine')
    .description('malformed messages that were set aside')
    .command('list', { isDefault: true })
    .description('the newest ones')
    .action(run(() => import('./quarantine.ts').then(({ listQuarantine }) => listQuarantine)));
  hearth
    .command('denials')
    .description('what was refused to whom')
    .command('list', { isDefault: true })
    .argument('[device]', 'only of this device')
    .description('the newest ones')
    .action(run(() => import('./denials.ts').then(({ listDenials }) => listDenials)));

  simulateCommand(hearth.command('simulate'), run);
  hearth
    .command('reset')
    .description('delete what the hub keeps: devices, readings, accounts, certificates')
    .option('--yes', 'really; without it, only says what would go')
    .action(run(() => import('./reset.ts').then(({ reset }) => reset)));
  return hearth;
}

function deviceCommands(device: Command, run: Run): void {
  const csr = [
    '--csr <file>',
    'sign this request, for a key that never leaves the device',
  ] as const;
  const out = [
    '--out <dir>',
    'where the files go (by default a folder named as the device)',
  ] as const;
  device
    .command('add')
    .description('add a device, and write its certificate, key and how to use them')
    .argument('<id>')
    .option('--name <name>', 'what people call it')
    .option('--type <type>', 'plug, purifier, sensor, lock, reader …')
    .option('--room <room>', 'id or name of a room')
    .option(...csr)
    .option(...out)
    .action(run(() => import('./device-add.ts').then(({ addDevice }) => addDevice)));
  device
    .command('certificate')
    .description('issue another certificate for a device')
    .argument('<id>')
    .option(...csr)
    .option(...out)
    .action(run(() => import('./device-add.ts').then(({ certifyDevice }) => certifyDevice)));
  device
    .command('list')
    .description('every device')
    .action(run(() => import('./device.ts').then(({ listDevices }) => listDevices)));
  device
    .command('show')
    .description('one device, its certificates and its latest values')
    .argument('<id>')
    .action(run(() => import('./device.ts').then(({ showDevice }) => showDevice)));
  device
    .command('rename')
    .description('give a device another name; its id stays')
    .argument('<id>')
    .argument('<name>')
    .action(run(() => import('./device.ts').then(({ renameDevice }) => renameDevice)));
  device
    .command('set')
    .description('change what a device is called, where it is and what it is')
    .argument('<id>')
    .option('--name <name>', 'what people call it')
    .option('--room <room>', 'id or name of a room')
    .option('--no-room', 'in no room')
    .option('--type <type>', 'plug, purifier, sensor, lock, reader …: hearth type list')
    .addOption(
      new Option('--state <state>', 'disabled: it may not connect').choices([
        'active',
        'maintenance',
        'disabled',
      ]),
    )
    .addHelpText('after', '\nExample:\n  hearth device set plug-1 --room Kitchen --type plug')
    .action(run(() => import('./device.ts').then(({ setDevice }) => setDevice)));
  device
    .command('revoke')
    .description('void the certificates and keys of a device, and end its connections')
    .argument('<id>')
    .action(run(() => import('./device.ts').then(({ revokeDevice }) => revokeDevice)));
  device
    .command('api-key')
    .description('give a device a new API key, for HTTP')
    .argument('<id>')
    .option(
      '--overlap <time>',
      'how long the key before it still works, up to 30d (by default 24h)',
    )
    .option('--now', 'the key before it is void at once')
    .option('--void-previous', 'no new key: void the one before, while it still works')
    .action(run(() => import('./device.ts').then(({ renewApiKey }) => renewApiKey)));
  device
    .command('remove')
    .description('remove a device with all its readings')
    .argument('<id>')
    .option('--yes', 'do not ask')
    .action(run(() => import('./device.ts').then(({ removeDevice }) => removeDevice)));
}

function roomCommands(room: Command, run: Run): void {
  room
    .command('add')
    .description('add a room')
    .argument('<name>')
    .option('--order <number>', 'where it stands among the others')
    .action(run(() => import('./room.ts').then(({ addRoom }) => addRoom)));
  room
    .command('list')
    .description('every room')
    .action(run(() => import('./room.ts').then(({ listRooms }) => listRooms)));
  room
    .command('remove')
    .description('remove a room; its devices stay')
    .argument('<room>', 'id or name')
    .action(run(() => import('./room.ts').then(({ removeRoom }) => removeRoom)));
}
