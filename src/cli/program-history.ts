import { type Command, Option } from 'commander';
import { collect } from './program-collect.ts';
import type { Run } from './verb.ts';

/** What is kept of years: asked for, taken elsewhere, brought in, and let go. */
export function historyCommands(hearth: Command, run: Run): void {
  queryCommand(hearth.command('query'), run);
  sqlCommand(hearth.command('sql'), run);
  exportCommand(hearth.command('export'), run);
  importCommand(hearth.command('import'), run);
  retentionCommands(
    hearth.command('retention').description('how long readings are kept, and what goes when'),
    run,
  );
  deletionCommands(hearth.command('history').description('readings that are kept'), run);
}

const queryExamples = `
Examples:
  hearth query plug-1 --start -1h --fields power,voltage
  hearth query plug-1 --start -7d --interval 1d --agg avg,max
  hearth query plug-1 --start -7d --interval 1d --agg energy --compare 1w
  hearth query plug-1 --start -30d --fields power --points 500 --format csv > plug-1.csv
  hearth query plug-1 --format sparkline`;

function queryCommand(query: Command, run: Run): void {
  query
    .description('readings of a device')
    .argument('<device>')
    .option('--start <time>', '2026-01-31T08:00:00Z, or relative to now: -1h', '-24h')
    .option('--end <time>', 'as --start', 'now')
    .option('--interval <duration>', 'one row for every 1m, 1h, 1d; without it every reading')
    .option('--fields <names>', 'metrics, with commas')
    .option(
      '--agg <names>',
      'avg, min, max, sum, count, first, last, time_weighted_avg, increase, energy, with commas',
    )
    .option('--limit <count>', 'at most so many rows')
    .option('--points <count>', 'at most so many rows, the highest and the lowest among them')
    .addOption(
      new Option('--downsample <how>', 'how --points chooses: the shape, or every swing').choices([
        'lttb',
        'minmax',
      ]),
    )
    .addOption(
      new Option('--compare <time>', 'an earlier time beside it, by the calendar').choices([
        'previous',
        '1d',
        '1w',
        '1mo',
        '1y',
      ]),
    )
    .option('--tz <zone>', 'time zone of days: Europe/Berlin')
    .addOption(
      new Option('--format <format>', 'how to show them')
        .choices(['table', 'csv', 'json', 'sparkline'])
        .default('table'),
    )
    .addHelpText('after', queryExamples)
    .action(run(() => import('./query.ts').then(({ query }) => query)));
}

const ruleExamples = `
Examples:
  hearth retention set bedroom-purifier --raw-days 365
  hearth retention set bedroom-purifier --metric pm25 --day-days 3650
  hearth retention set --type plug --raw-days 30 --minute-days 90`;

function retentionCommands(retention: Command, run: Run): void {
  retention
    .command('show', { isDefault: true })
    .description('how long readings are kept, and the rules for some of them')
    .action(run(() => import('./retention.ts').then(({ showRetention }) => showRetention)));
  retention
    .command('plan')
    .description('what goes with the next housekeeping, and in the coming days')
    .option('--days <count>', 'how far to look ahead; 7 by default')
    .option('--limit <count>', 'at most so many lines; 1000 by default')
    .action(run(() => import('./retention.ts').then(({ planRetention }) => planRetention)));
  retention
    .command('set')
    .description('keep the readings of a device, or of a type, for longer or shorter')
    .argument('[device]')
    .option('--type <type>', 'of every device of this type')
    .option('--metric <metric>', 'of this metric alone')
    .option('--raw-days <count>', 'raw readings')
    .option('--minute-days <count>', 'sums by the minute')
    .option('--hour-days <count>', 'sums by the hour')
    .option('--day-days <count>', 'sums by the day')
    .addHelpText('after', ruleExamples)
    .action(run(() => import('./retention.ts').then(({ setRetention }) => setRetention)));
  retention
    .command('remove')
    .description('remove a rule: what it was about is kept as a wider one says')
    .argument('<rule>', 'its id: hearth retention')
    .action(run(() => import('./retention.ts').then(({ removeRetention }) => removeRetention)));
}

const deletionExamples = `
Examples:
  hearth history delete bedroom-purifier --start 2026-01-01 --end 2026-02-01
  hearth history delete plug-1 --fields power,voltage --yes`;

function deletionCommands(history: Command, run: Run): void {
  history
    .command('delete')
    .description('delete readings of a device for good: no file holds them afterwards')
    .argument('<device>')
    .option('--start <time>', 'from then on: 2026-01-31, 2026-01-31T12:00 or -7d')
    .option('--end <time>', 'before then')
    .option('--fields <metrics>', 'these metrics alone, with commas')
    .option('--yes', 'do not ask')
    .addHelpText('after', deletionExamples)
    .action(run(() => import('./history.ts').then(({ deleteHistory }) => deleteHistory)));
}

const exportExamples = `
Examples:
  hearth export --start 2025-01-01 --end 2026-01-01 --format parquet --out history
  hearth export --start -7d --format csv --partition none --out week --device plug-1
  hearth export --start -365d --interval 1h --s3 s3://my-home/hours`;

function exportCommand(command: Command, run: Run): void {
  command
    .description('take history elsewhere: a folder of files for other programs, or S3')
    .requiredOption('--start <time>', 'from then on: 2026-01-31, 2026-01-31T12:00 or -7d')
    .option('--end <time>', 'before then', 'now')
    .addOption(
      new Option('--format <format>', 'ha-statistics: hours, for Home Assistant')
        .choices(['parquet', 'csv', 'jsonl', 'ha-statistics'])
        .default('parquet'),
    )
    .option('--out <dir>', 'a folder: a new one, an empty one, or one of an earlier export')
    .option('--s3 <url>', 's3://bucket/prefix instead; the settings s3.… say where that is')
    .option('--device <id>', 'of this device; repeat for more, all by default', collect, [])
    .option('--field <metric>', 'this metric; repeat for more, all by default', collect, [])
    .option('--interval <duration>', 'sums over 1h or 1d instead of readings')
    .addOption(
      new Option('--partition <how>', 'a file for each day, or one')
        .choices(['date', 'none'])
        .default('date'),
    )
    .addHelpText('after', exportExamples)
    .action(run(() => import('./export.ts').then(({ exportHistory }) => exportHistory)));
}

const importExamples = `
Examples:
  hearth import history                      a folder that hearth export made
  hearth import home.lp.gz                   line protocol, such as influx_inspect export writes
  hearth import home-assistant_v2.db --map sensor.meter_2=boiler.power
  hearth import meter.csv --device meter     a table without the column device_id`;

function importCommand(command: Command, run: Run): void {
  command
    .description('bring history in: an export, line protocol, the database of Home Assistant')
    .argument('<path>', 'a file or a folder; the hub reads it itself')
    .addOption(
      new Option('--format <format>', 'by the name of the file when it is not said').choices([
        ...['parquet', 'csv', 'jsonl', 'line-protocol', 'home-assistant'],
      ]),
    )
    .option('--device <id>', 'whose readings they are, where a table does not say')
    .option(
      '--map <from=to>',
      'an entity, a device or device.metric of the file to device.metric here; repeatable',
      collect,
      [],
    )
    .option('--as-readings', 'take the sums of an export with --interval for readings')
    .addHelpText('after', importExamples)
    .action(run(() => import('./import.ts').then(({ importHistory }) => importHistory)));
}

const sqlExamples = `
Examples:
  hearth sql "select device_id, count(*) from telemetry group by all"
  hearth sql "select * from rollup_1h where metric = 'power' and timestamp > now() - interval 1 day"
  hearth sql --format csv - < statement.sql > answer.csv

Tables: telemetry, rollup_1m, rollup_1h, rollup_1d, devices, commands; "describe telemetry" shows
the columns of one.`;

function sqlCommand(command: Command, run: Run): void {
  command
    .description('ask history in SQL: one statement that reads')
    .argument('<statement>', 'in the SQL of DuckDB; - is what is piped in')
    .addOption(
      new Option('--format <format>', 'how to show the rows')
        .choices(['table', 'csv', 'json'])
        .default('table'),
    )
    .option('--limit <count>', 'at most so many rows; 10000 by default, 100000 at most')
    .addHelpText('after', sqlExamples)
    .action(run(() => import('./sql.ts').then(({ askSql }) => askSql)));
}
