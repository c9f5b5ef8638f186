import { type Command, Option } from 'commander';
import type { Run } from './verb.ts';

const simulateExamples = `
Examples:
  hearth simulate --preset home --duration 5m      nine devices in four rooms, for five minutes
  hearth simulate --devices 100 --rate 10          a hundred plugs, ten readings a second each
  hearth simulate --devices 20 --loss 5            …on a network that fails now and then
  hearth simulate --replay readings.csv            a recording, whose last row happens now
  hearth simulate --replay readings.csv --start 2026-01-31T08:00:00Z --speed 60
  hearth simulate --interactive --type purifier    steer one device from the keyboard
  hearth simulate --devices 3 --behave delay:2s    they take two seconds to do what they are told
  hearth simulate --remove                         remove all of them again`;

export function simulateCommand(simulate: Command, run: Run): void {
  simulate
    .description('connect simulated devices to the running hub, over real MQTT and TLS')
    .addOption(
      new Option('--preset <name>', '9, 16 or 30 devices').choices(['home', 'office', 'factory']),
    )
    .option('--devices <count>', 'so many smart plugs')
    .option('--replay <file>', 'send a recording: CSV with timestamp,power,voltage…')
    .option('--interactive', 'steer one device from the keyboard')
    .option('--rate <number>', 'messages a second of each device; by default as its kind would')
    .option('--duration <time>', 'seconds, or 5m, 1h', '60s')
    .option('--loss <percent>', 'of the messages that take the connection down with them', '0')
    .option('--device <id>', 'the device that replays or is steered')
    .option('--start <time>', 'when the first row happens; without it the last one happens now')
    .option('--speed <factor>', 'times faster than life, or max', 'max')
    .option('--type <profile>', 'plug, purifier, sensor, lock or camera')
    .option('--behave <how>', 'with commands: obey, ignore, lie, nack, silent, or delay:2s')
    .addOption(
      new Option('--dialect <family>', 'the topics and words that the devices use').choices([
        'native',
        'purifier',
        'smartplug',
      ]),
    )
    .option('--seed <text>', 'the same seed gives the same values')
    .option('--remove', 'remove every device that the simulator has made, with its readings')
    .option('--yes', 'with --remove: do not ask')
    .addHelpText('after', simulateExamples)
    .action(run(() => import('./simulate.ts').then(({ simulate: verb }) => verb)));
}
