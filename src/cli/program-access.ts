import { type Command, Option } from 'commander';
import { collect } from './program-collect.ts';
import type { Run } from './verb.ts';

const personRoles = ['owner', 'admin', 'member', 'guest'];
/** No guest: what is shared is shared with people. */
const tokenRoles = ['owner', 'admin', 'member', 'service'];

/** The verbs about who may do what: people, what is shared with them, programs. */
export function accessCommands(hearth: Command, run: Run): void {
  userCommands(hearth.command('user').description('the people of this home'), run);
  shareCommands(hearth.command('share').description('what guests see and control'), run);
  tokenCommands(hearth.command('token').description('API tokens of programs'), run);
  credentialCommands(
    hearth
      .command('credential')
      .description('user names and passwords for the plain MQTT listener'),
    run,
  );
}

const who = ['<who>', 'email, name or id'] as const;
const role = () =>
  new Option('--role <role>', 'what they may do').choices(personRoles).makeOptionMandatory(true);
const passwordFile = [
  '--password-file <file>',
  'a file with the password in its first line, or - for what is piped in',
] as const;
/** Taken to say why it is not. */
const spokenPassword = () => new Option('--password [password]').hideHelp();

const userExamples = `
Examples:
  hearth user add ada@example.org --name Ada --role member      asks for her password
  hearth user add ada@example.org --role member --invite        prints a link for her instead
  hearth user role ada admin
  hearth user passwd ada@example.org < new-password.txt

A password is asked for, or the first line of what is piped in: never an argument.`;

function userCommands(user: Command, run: Run): void {
  user.addHelpText('after', userExamples);
  user
    .command('add')
    .description('add somebody, with a password or by an invitation')
    .argument('<email>')
    .option('--name <name>', 'what they are called')
    .addOption(role())
    .option('--invite', 'print a link with which they choose name and password themselves')
    .option(...passwordFile)
    .addOption(spokenPassword())
    .addHelpText('after', userExamples)
    .action(run(() => import('./user.ts').then(({ addUser }) => addUser)));
  user
    .command('list')
    .description('everyone')
    .action(run(() => import('./user.ts').then(({ listUsers }) => listUsers)));
  user
    .command('show')
    .description('one person, and what is shared with them')
    .argument(...who)
    .action(run(() => import('./user.ts').then(({ showUser }) => showUser)));
  user
    .command('role')
    .description('give somebody another role; they sign in anew')
    .argument(...who)
    .argument('<role>', personRoles.join(', '))
    .action(run(() => import('./user.ts').then(({ setRole }) => setRole)));
  user
    .command('passwd')
    .description('set a password, without the one before; ends their sessions')
    .argument(...who)
    .option(...passwordFile)
    .addOption(spokenPassword())
    .action(run(() => import('./user.ts').then(({ setPassword }) => setPassword)));
  user
    .command('reset-2fa')
    .description('remove the second factor of somebody who has lost it')
    .argument(...who)
    .action(run(() => import('./user.ts').then(({ resetSecondFactor }) => resetSecondFactor)));
  user
    .command('disable')
    .description('keep somebody out; all that is theirs stays')
    .argument(...who)
    .action(run(() => import('./user.ts').then(({ disableUser }) => disableUser)));
  user
    .command('enable')
    .description('let somebody in again')
    .argument(...who)
    .action(run(() => import('./user.ts').then(({ enableUser }) => enableUser)));
  user
    .command('remove')
    .description('remove somebody, with all that is theirs')
    .argument(...who)
    .option('--yes', 'do not ask')
    .action(run(() => import('./user.ts').then(({ removeUser }) => removeUser)));
  user
    .command('sessions')
    .description('where somebody is signed in')
    .argument(...who)
    .action(run(() => import('./user-sessions.ts').then(({ listSessions }) => listSessions)));
  user
    .command('sign-out')
    .description('end all sessions of somebody')
    .argument(...who)
    .action(run(() => import('./user-sessions.ts').then(({ signOut }) => signOut)));
  invitationCommands(user, run);
}

function invitationCommands(user: Command, run: Run): void {
  user
    .command('invite')
    .description('print a link with which somebody joins the home; it is shown once')
    .argument('[email]', 'then it is good for this email alone')
    .addOption(role())
    .option('--expires-in <time>', 'how long it is good, up to 30d (by default 7d)')
    .action(run(() => import('./invitation.ts').then(({ inviteUser }) => inviteUser)));
  user
    .command('invitations')
    .description('the invitations that can still be used')
    .action(run(() => import('./invitation.ts').then(({ listInvitations }) => listInvitations)));
  user
    .command('withdraw')
    .description('withdraw an invitation')
    .argument('<id>')
    .action(
      run(() => import('./invitation.ts').then(({ withdrawInvitation }) => withdrawInvitation)),
    );
}

const shareExamples = `
Examples:
  hearth share give porch-lamp ada control --until 2026-07-05T20:00
  hearth share give "Guest room" ada read --for 3d
  hearth share end porch-lamp ada`;

function shareCommands(share: Command, run: Run): void {
  share
    .command('list')
    .description('what is shared with whom')
    .option('--person <who>', 'only with them: email, name or id')
    .action(run(() => import('./share.ts').then(({ listShares }) => listShares)));
  share
    .command('give')
    .description('let a guest see a device or a room, or control it')
    .argument('<target>', 'a device or a room, by id or name')
    .argument('<person>', 'email, name or id')
    .argument('<access>', 'read, or control')
    .option('--until <time>', "when it ends by itself, in the home's time: 2026-07-05T20:00")
    .option('--for <time>', 'how long: 3d')
    .addHelpText('after', shareExamples)
    .action(run(() => import('./share.ts').then(({ giveShare }) => giveShare)));
  share
    .command('end')
    .description('end a share at once')
    .argument('<share>', 'its id; or a device or room, with a person after it')
    .argument('[person]', 'email, name or id')
    .action(run(() => import('./share.ts').then(({ endShare }) => endShare)));
}

const tokenExamples = `
Example:
  hearth token create --name shelf-display --role service --scope devices.read --scope telemetry.read`;

function tokenCommands(token: Command, run: Run): void {
  token
    .command('create')
    .description('make a token; it is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(tokenRoles).makeOptionMandatory(true),
    )
    .option('--scope <action>', 'of that, only this: devices.read; repeatable', collect, [])
    .option('--expires-in <duration>', 'such as 30d; without it, until it is revoked')
    .addHelpText('after', tokenExamples)
    .action(run(() => import('./token.ts').then(({ createToken }) => createToken)));
  token
    .command('list')
    .description('every token, without its secret')
    .action(run(() => import('./token.ts').then(({ listTokens }) => listTokens)));
  token
    .command('revoke')
    .description('void a token; its connections end')
    .argument('<token>', 'id or name')
    .action(run(() => import('./token.ts').then(({ revokeToken }) => revokeToken)));
}

function credentialCommands(credential: Command, run: Run): void {
  credential
    .command('add')
    .description('make a credential; its password is shown once')
    .argument('<name>', 'for a device, its id')
    .addOption(
      new Option('--role <role>', 'a program or a device')
        .choices(['service', 'device'])
        .makeOptionMandatory(true),
    )
    .action(run(() => import('./credential.ts').then(({ addCredential }) => addCredential)));
  credential
    .command('list')
    .description('every credential, without its password')
    .action(run(() => import('./credential.ts').then(({ listCredentials }) => listCredentials)));
  credential
    .command('remove')
    .description('void a credential; its connections end')
    .argument('<name>')
    .action(run(() => import('./credential.ts').then(({ removeCredential }) => removeCredential)));
}
