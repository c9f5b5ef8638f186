import { type Command, Option } from 'commander';
import type { Run } from './verb.ts';

/** The verbs about what the home trusts: how devices come in, who did what, keys and certificates. */
export function trustCommands(hearth: Command, run: Run): void {
  joinCommands(hearth.command('join').description('let new devices in'), run);
  auditCommands(hearth.command('audit').description('who did what to what'), run);
  authorityCommands(
    hearth.command('ca').description('the certificate authority of this home'),
    run,
  );
  hearth
    .command('secrets')
    .description('the key that everything secret is sealed with')
    .command('rotate')
    .description('make a new key, and seal every secret with it')
    .option('--yes', 'do not ask')
    .action(run(() => import('./secrets.ts').then(({ rotateSecrets }) => rotateSecrets)));
}

const joinExamples = `
Examples:
  hearth join open --watch                  prints a code, and says which device came in with it
  hearth join open --id kitchen-plug        for this device alone, also if it had a certificate before
  hearth join batch shipment-7.csv          id,public_key[,type,name]: these come in without a code`;

function joinCommands(join: Command, run: Run): void {
  join.addHelpText('after', joinExamples);
  join
    .command('open')
    .description('let one new device in with a code; the window closes by itself')
    .option('--for <time>', 'how long, up to 60m', '10m')
    .option('--id <id>', 'only this device, also if it had a certificate before')
    .option('--watch', 'wait until it came in')
    .addHelpText('after', joinExamples)
    .action(run(() => import('./join.ts').then(({ openJoin }) => openJoin)));
  join
    .command('status')
    .description('whether a window is open, and who came in')
    .action(run(() => import('./join.ts').then(({ showJoin }) => showJoin)));
  join
    .command('close')
    .description('close the window')
    .action(run(() => import('./join.ts').then(({ closeJoin }) => closeJoin)));
  join
    .command('batch')
    .description('register the keys of a production batch, all of them or none')
    .argument('<file>', 'CSV with the header id,public_key and, if you like, type,name')
    .option('--name <name>', 'what the batch is called (by default as the file)')
    .action(run(() => import('./join-batch.ts').then(({ addBatch }) => addBatch)));
  join
    .command('batches')
    .description('the batches, and how many of their devices came in')
    .action(run(() => import('./join-batch.ts').then(({ listBatches }) => listBatches)));
  join
    .command('forget')
    .description('forget the keys of a batch; devices that came in stay')
    .argument('<batch>', 'its name or id')
    .action(run(() => import('./join-batch.ts').then(({ forgetBatch }) => forgetBatch)));
}

const auditExamples = `
Examples:
  hearth audit list --action auth --outcome refused --since -7d
  hearth audit list --actor person:Ada --until 2026-07-01
  hearth audit verify && hearth audit export --out audit.csv

Times are the home's own. verify ends with 0 when every row is there and as it was written, and with 1
when one is not.`;

function auditCommands(audit: Command, run: Run): void {
  audit.addHelpText('after', auditExamples);
  filtered(audit.command('list', { isDefault: true }))
    .description('the newest rows')
    .option('--before <seq>', 'only rows before this one')
    .option('--limit <count>', 'at most so many')
    .addHelpText('after', auditExamples)
    .action(run(() => import('./audit.ts').then(({ listAudit }) => listAudit)));
  audit
    .command('verify')
    .description('prove that no row was altered or removed; ends with 1 when one was')
    .action(run(() => import('./audit.ts').then(({ verifyAudit }) => verifyAudit)));
  filtered(audit.command('export'))
    .description('write rows as CSV, oldest first')
    .option('--out <file>', 'a new file; without it, to the output')
    .addOption(new Option('--format <format>', 'how to write them').choices(['csv']).default('csv'))
    .action(run(() => import('./audit-export.ts').then(({ exportAudit }) => exportAudit)));
}

const filtered = (command: Command): Command =>
  command
    .option('--actor <actor>', 'by whom: local, person:Ada, token:car, device:plug-1')
    .option('--action <action>', 'what was done: command.create, or auth for all of auth.…')
    .option('--subject <subject>', 'to what: device:kitchen-plug')
    .option('--outcome <outcome>', 'what became of it: ok, refused')
    .option('--since <time>', 'not before: 2026-07-01, 2026-07-01T08:00, -7d')
    .option('--until <time>', 'before: as --since');

const authorityExamples = `
A rotation has two steps, with as much time between them as the devices need:
  hearth ca rotate             both authorities are trusted
  hearth ca show               which devices have no certificate of the new one yet
  hearth ca rotate --finish    the old one is void`;

function authorityCommands(ca: Command, run: Run): void {
  ca.command('show')
    .description('the authority, and the one before while both are trusted')
    .action(run(() => import('./ca.ts').then(({ showAuthority }) => showAuthority)));
  ca.command('rotate')
    .description('make a new authority; the one before stays trusted until that is finished')
    .option('--finish', 'trust the new authority alone')
    .option('--force', 'with --finish, also when that shuts devices out')
    .option('--yes', 'do not ask')
    .addHelpText('after', authorityExamples)
    .action(run(() => import('./ca.ts').then(({ rotateAuthority }) => rotateAuthority)));
}
