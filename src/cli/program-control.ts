import type { Command } from 'commander';
import type { Run } from './verb.ts';

/** The verbs that have devices do something: now, together, for a while, or at certain times. */
export function controlCommands(hearth: Command, run: Run): void {
  hearth
    .command('command')
    .description('have a device do something')
    .argument('<device>')
    .argument('<action>', 'relay_on, turnOff, setFanSpeed …: hearth type list has them')
    .argument('[value]', 'a number, true, false, a JSON object, or text')
    .option(...wait)
    .option(...expiresIn)
    .addHelpText('after', commandExamples)
    .action(run(() => import('./command.ts').then(({ sendCommand }) => sendCommand)));
  sentCommands(hearth.command('commands').description('the commands that were sent'), run);
  groupCommands(hearth.command('group').description('named sets of devices'), run);
  sceneCommands(hearth.command('scene').description('named lists of commands'), run);
  overrideCommands(hearth.command('override').description('do something for a while'), run);
  scheduleCommands(hearth.command('schedule').description('do something at certain times'), run);
  hearth
    .command('why')
    .description('what a device should be like now, and because of what')
    .argument('<device>')
    .action(run(() => import('./why.ts').then(({ showWhy }) => showWhy)));
}

const wait = ['--wait [time]', 'until the device has done it: 10s, or so long, up to 60s'] as const;
const expiresIn = [
  '--expires-in <time>',
  'keep it so long for a device that is away: 10m',
] as const;

const commandExamples = `
Examples:
  hearth command kitchen-plug relay_on
  hearth command fan setFanSpeed 3 --wait          and say when the device has done it
  hearth command fan turnOff --expires-in 2h       also when the fan comes back within two hours
  hearth command fan setConfig '{"report_every_seconds": 30}'

With --wait it ends with 0 only when the device has acknowledged it, and says whether the device has
reported it too: 65 when the device refused it, 69 when it acknowledged but reports otherwise, 73 when
the command was cancelled, 75 when the device did not answer in time.`;

function sentCommands(commands: Command, run: Run): void {
  commands
    .command('list', { isDefault: true })
    .description('the newest ones')
    .argument('[device]', 'only of this device')
    .option('--status <status>', 'queued, sent, delivered, acknowledged, confirmed, rejected …')
    .option('--limit <count>', 'at most so many')
    .action(run(() => import('./commands.ts').then(({ listCommands }) => listCommands)));
  commands
    .command('show')
    .description('one command, with all that became of it')
    .argument('<id>')
    .action(run(() => import('./commands.ts').then(({ showCommand }) => showCommand)));
  commands
    .command('cancel')
    .description('give up a command that the device has not answered yet')
    .argument('<id>')
    .action(run(() => import('./commands.ts').then(({ cancelCommand }) => cancelCommand)));
}

function groupCommands(group: Command, run: Run): void {
  group
    .command('add')
    .description('add a group')
    .argument('<name>')
    .argument('[devices...]')
    .action(run(() => import('./group.ts').then(({ addGroup }) => addGroup)));
  group
    .command('list')
    .description('every group')
    .action(run(() => import('./group.ts').then(({ listGroups }) => listGroups)));
  group
    .command('show')
    .description('one group')
    .argument('<group>', 'id or name')
    .action(run(() => import('./group.ts').then(({ showGroup }) => showGroup)));
  group
    .command('members')
    .description('put devices into a group, or take them out')
    .argument('<group>', 'id or name')
    .option('--add <devices>', 'ids, with commas')
    .option('--remove <devices>', 'ids, with commas')
    .addHelpText('after', '\nExample:\n  hearth group members Downstairs --add plug-1,plug-2')
    .action(run(() => import('./group.ts').then(({ changeMembers }) => changeMembers)));
  group
    .command('remove')
    .description('remove a group; its devices stay')
    .argument('<group>', 'id or name')
    .action(run(() => import('./group.ts').then(({ removeGroup }) => removeGroup)));
  group
    .command('command')
    .description('have every device of a group do the same')
    .argument('<group>', 'id or name')
    .argument('<action>')
    .argument('[value]', 'a number, true, false, a JSON object, or text')
    .option(...wait)
    .option(...expiresIn)
    .addHelpText('after', '\nExample:\n  hearth group command Downstairs turnOff --wait')
    .action(run(() => import('./group.ts').then(({ commandGroup }) => commandGroup)));
}

const sceneExamples = `
Examples:
  hearth scene add "Good night" kitchen-plug:relay_off fan:setFanSpeed=1 front-door:lock
  hearth scene add Away Downstairs:turnOff         for every device of a group
  hearth scene set Away Downstairs:turnOff porch:turnOn
  hearth scene run "Good night" --wait`;

function sceneCommands(scene: Command, run: Run): void {
  scene
    .command('add')
    .description('add a scene')
    .argument('<name>')
    .argument('<commands...>', 'device:action or device:action=value')
    .addHelpText('after', sceneExamples)
    .action(run(() => import('./scene.ts').then(({ addScene }) => addScene)));
  scene
    .command('list')
    .description('every scene')
    .action(run(() => import('./scene.ts').then(({ listScenes }) => listScenes)));
  scene
    .command('run')
    .description('run a scene, and show what became of each of its commands')
    .argument('<scene>', 'id or name')
    .option(...wait)
    .option(...expiresIn)
    .action(run(() => import('./scene.ts').then(({ runScene }) => runScene)));
  scene
    .command('set')
    .description('give a scene other commands, in the place of those it has')
    .argument('<scene>', 'id or name')
    .argument('<commands...>', 'device:action or device:action=value')
    .action(run(() => import('./scene.ts').then(({ setScene }) => setScene)));
  scene
    .command('remove')
    .description('remove a scene')
    .argument('<scene>', 'id or name')
    .action(run(() => import('./scene.ts').then(({ removeScene }) => removeScene)));
}

const overrideExamples = `
Examples:
  hearth override start bedroom-purifier --fan-speed 5 --for 10m
  hearth override start heater relay_on --for 1h`;

function overrideCommands(override: Command, run: Run): void {
  override
    .command('start')
    .description('have a device do something for a while, then be what it should be by then')
    .argument('<device>')
    .argument('[action]')
    .argument('[value]')
    .requiredOption('--for <time>', 'how long: 10m, 1h')
    .option('--fan-speed <speed>', 'short for setFanSpeed')
    .addHelpText('after', overrideExamples)
    .action(run(() => import('./override.ts').then(({ startOverride }) => startOverride)));
  override
    .command('show')
    .description('the override that runs, and how long it still does')
    .argument('<device>')
    .action(run(() => import('./override.ts').then(({ showOverride }) => showOverride)));
  override
    .command('extend')
    .description('let the override end later')
    .argument('<device>')
    .requiredOption('--by <time>', 'how much later: 10m')
    .action(run(() => import('./override.ts').then(({ extendOverride }) => extendOverride)));
  override
    .command('cancel')
    .description('end the override now')
    .argument('<device>')
    .action(run(() => import('./override.ts').then(({ cancelOverride }) => cancelOverride)));
  override
    .command('history')
    .description('the overrides of a device, newest first')
    .argument('<device>')
    .action(run(() => import('./override.ts').then(({ listOverrides }) => listOverrides)));
}

const scheduleExamples = `
Examples:
  hearth schedule add fan --days weekdays --start 09:00 --end 17:00 --action setFanSpeed --value 3
  hearth schedule add lamp --days fri,sat --start 22:00 --end 02:00 --action turnOn --end-action turnOff
  hearth schedule add lamp --days daily --start sunset-00:30 --end 23:00 --action turnOn
  hearth schedule add Downstairs --at 2026-12-24T18:00 --for 3h --action turnOn
  hearth schedule add heater --cron '30 6 * * 1-5' --for 45m --action relay_on

Times are the home's own. A window that ends before it begins goes over midnight.`;

function scheduleCommands(schedule: Command, run: Run): void {
  schedule
    .command('add')
    .description('add a schedule')
    .argument('<target>', 'a device, or a group by id or name')
    .requiredOption('--action <action>', 'what to do when it begins')
    .option('--value <value>', 'a number, true, false, or text')
    .option('--days <days>', 'mon,tue, mon-fri, weekdays, weekends, daily')
    .option('--start <time>', 'with --days: 09:00, sunset-00:30')
    .option('--end <time>', 'with --days: 17:00, sunrise')
    .option('--at <time>', 'once: 2026-12-24T18:00')
    .option('--cron <expression>', "as cron has it: '30 6 * * 1-5'")
    .option('--for <time>', 'with --at and --cron, how long: 30m')
    .option(
      '--end-action <action>',
      "what to do when it ends, or none; else what the device's type has for off",
    )
    .option('--end-value <value>', 'the value of --end-action')
    .option('--name <name>', 'what people call it')
    .addHelpText('after', scheduleExamples)
    .action(run(() => import('./schedule.ts').then(({ addSchedule }) => addSchedule)));
  schedule
    .command('list')
    .description('every schedule')
    .argument('[device]', 'only of this device')
    .action(run(() => import('./schedule.ts').then(({ listSchedules }) => listSchedules)));
  schedule
    .command('show')
    .description('one schedule, with its next runs')
    .argument('<id>')
    .action(run(() => import('./schedule.ts').then(({ showSchedule }) => showSchedule)));
  schedule
    .command('enable')
    .description('let a schedule run')
    .argument('<id>')
    .action(run(() => import('./schedule.ts').then(({ enableSchedule }) => enableSchedule)));
  schedule
    .command('disable')
    .description('let a schedule rest; it stays')
    .argument('<id>')
    .action(run(() => import('./schedule.ts').then(({ disableSchedule }) => disableSchedule)));
  schedule
    .command('remove')
    .description('remove a schedule')
    .argument('<id>')
    .action(run(() => import('./schedule.ts').then(({ removeSchedule }) => removeSchedule)));
  schedule
    .command('history')
    .description('what a schedule has done')
    .argument('<id>')
    .action(
      run(() => import('./schedule.ts').then(({ showScheduleHistory }) => showScheduleHistory)),
    );
}
