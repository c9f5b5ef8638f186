import type { Command } from 'commander';
import type { Run } from './verb.ts';

/** The verbs about what devices can do and are set up as, and about what happened. */
export function settingCommands(hearth: Command, run: Run): void {
  configCommands(
    hearth.command('device-config').description('the configuration document of a device'),
    run,
  );
  typeCommands(hearth.command('type').description('types of devices: what they can do'), run);
  hearth
    .command('alerts')
    .description('what went wrong lately and needs someone to look')
    .option('--limit <count>', 'at most so many')
    .action(run(() => import('./alerts.ts').then(({ listAlerts }) => listAlerts)));
}

const configExamples = `
Examples:
  hearth device-config set fan '{"report_every_seconds": 30}'
  hearth device-config set fan fan.json`;

function configCommands(config: Command, run: Run): void {
  config
    .command('show')
    .description('what a device should be configured as, and what it says it is')
    .argument('<device>')
    .action(run(() => import('./device-config.ts').then(({ showConfig }) => showConfig)));
  config
    .command('set')
    .description('set the document; it is sent until the device has it')
    .argument('<device>')
    .argument('<document>', 'a JSON object, a file with one, or - for what is piped in')
    .addHelpText('after', configExamples)
    .action(run(() => import('./device-config.ts').then(({ setConfig }) => setConfig)));
  config
    .command('history')
    .description('the versions, newest first')
    .argument('<device>')
    .action(
      run(() => import('./device-config.ts').then(({ listConfigHistory }) => listConfigHistory)),
    );
}

const typeExamples = `
Example:
  hearth type show purifier --json > my-fan.json   then change its name and what it can do
  hearth type add my-fan.json`;

function typeCommands(type: Command, run: Run): void {
  type
    .command('list')
    .description('every type')
    .action(run(() => import('./device-type.ts').then(({ listTypes }) => listTypes)));
  type
    .command('show')
    .description('one type: its actions, their values, its metrics')
    .argument('<type>')
    .action(run(() => import('./device-type.ts').then(({ showType }) => showType)));
  type
    .command('add')
    .description('add a type of your own')
    .argument('<file>', 'a file with the type as JSON, or - for what is piped in')
    .option('--replace', 'in the place of the one of that name')
    .addHelpText('after', typeExamples)
    .action(run(() => import('./device-type.ts').then(({ addType }) => addType)));
  type
    .command('remove')
    .description('remove a type of your own; devices of it are generic')
    .argument('<type>')
    .action(run(() => import('./device-type.ts').then(({ removeType }) => removeType)));
}
