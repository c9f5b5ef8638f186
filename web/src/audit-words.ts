import type { AuditRow } from './trust-wire.ts';

/** What is called by what name now, so that ids need not be shown. */
export interface Names {
  readonly people: ReadonlyMap<string, string>;
  readonly devices: ReadonlyMap<string, string>;
}

const partsOf = (text: string): readonly [kind: string, rest: string] => {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

/** Who did it: `Ada`, `The program “car”`, `Somebody at the hub itself`. */
export function actorWords(actor: string, names: Names): string {
  const [kind, name] = partsOf(actor);
  switch (kind) {
    case 'person':
      return name;
    case 'token':
      return `The program “${name}”`;
    case 'device':
      return `The device ${names.devices.get(name) ?? name}`;
    case 'local':
      return 'Somebody at the hub itself';
    case 'hub':
      return 'The hub';
    default:
      return 'Somebody unknown';
  }
}

/** What it was done to; empty where that says nothing to a person. */
export function subjectWords(row: AuditRow, names: Names): string {
  const [kind, id] = partsOf(row.subject);
  const said = row.detail.name;
  switch (kind) {
    case 'person':
      return names.people.get(id) ?? (id === 'unknown' ? 'an unknown account' : 'somebody');
    case 'device':
      return names.devices.get(id) ?? id;
    case 'credential':
    case 'type':
      return `“${id}”`;
    default:
      return typeof said === 'string' ? `“${said}”` : '';
  }
}

interface Told {
  readonly actor: string;
  readonly subject: string;
  readonly row: AuditRow;
}

const detail = ({ row }: Told, name: string): string => {
  const value = row.detail[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
const own = ({ actor, subject }: Told): boolean => actor === subject;
/** `their own password`, or `the password of Anna`. */
const of = (told: Told, what: string): string =>
  own(told) || told.subject === '' ? `their own ${what}` : `the ${what} of ${told.subject}`;

const ways: Readonly<Record<string, string>> = {
  password: 'with a password',
  passkey: 'with a passkey',
  oidc: 'by the provider',
};

const keys: Readonly<Record<string, string>> = {
  code: 'with a code',
  'registered key': 'with its registered key',
};

/** The sentence of an action that was done, by its name. */
const done: Readonly<Record<string, (told: Told) => string>> = {
  'auth.login': (told) => `${told.actor} signed in ${ways[detail(told, 'method')] ?? ''}`,
  'auth.logout': (told) =>
    own(told) || told.subject === ''
      ? `${told.actor} signed out`
      : `${told.actor} signed ${told.subject} out everywhere`,
  'auth.password': (told) => `${told.actor} set ${of(told, 'password')}`,
  'auth.2fa': (told) => secondFactor(told),
  'auth.passkey': (told) => `${told.actor} changed ${of(told, 'passkeys')}`,
  'auth.oidc': (told) => `${told.actor} changed ${of(told, 'link to the provider')}`,
  'person.invite': (told) => `${told.actor} invited somebody as ${detail(told, 'role')}`,
  'person.join': (told) => `${told.actor} joined the home as ${detail(told, 'role')}`,
  'person.rename': (told) =>
    `${told.actor} renamed ${detail(told, 'from')} to ${detail(told, 'to')}`,
  'person.role': (told) =>
    `${told.actor} made ${told.subject} ${detail(told, 'to')}, before ${detail(told, 'from')}`,
  'person.disable': (told) =>
    detail(told, 'state') === 'active'
      ? `${told.actor} let ${told.subject} in again`
      : `${told.actor} shut ${told.subject} out`,
  'person.remove': (told) => `${told.actor} removed ${told.subject} from the home`,
  'token.create': (told) => `${told.actor} made the token ${told.subject}`,
  'token.revoke': (told) => `${told.actor} revoked the token ${told.subject}`,
  'credential.create': (told) => `${told.actor} made the MQTT user ${told.subject}`,
  'credential.remove': (told) => `${told.actor} removed the MQTT user ${told.subject}`,
  'device.add': (told) => `${told.actor} added ${told.subject}`,
  'device.remove': (told) => `${told.actor} removed ${told.subject}`,
  'device.state': (told) => `${told.actor} set the state of ${told.subject}`,
  'device.revoke': (told) => `${told.actor} revoked a certificate of ${told.subject}`,
  'device.update': (told) => `${told.actor} changed what is known of ${told.subject}`,
  'device.certificate': (told) => `${told.actor} made a certificate for ${told.subject}`,
  'device.sensitive': (told) =>
    `${told.actor} said which readings of ${told.subject} are sensitive`,
  'device.key': (told) =>
    detail(told, 'voided') === ''
      ? `${told.actor} renewed the key of ${told.subject}`
      : `${told.actor} voided the earlier key of ${told.subject}`,
  'share.give': (told) => `${told.actor} shared something with ${told.subject}`,
  'share.end': (told) => `${told.actor} ended a share with ${told.subject}`,
  'join.open': ({ actor }) => `${actor} let a new device join`,
  'join.close': ({ actor }) => `${actor} let no device join any more`,
  'join.batch_add': (told) => `${told.actor} registered the keys of ${told.subject || 'a list'}`,
  'join.batch_remove': (told) => `${told.actor} forgot the keys of ${told.subject || 'a list'}`,
  'join.join': (told) => `${told.subject} joined ${keys[detail(told, 'by')] ?? ''}`,
  'est.enrol': ({ subject }) => `${subject} got its certificate`,
  'est.reenrol': ({ subject }) => `${subject} renewed its certificate`,
  'ca.rotate': (told) =>
    detail(told, 'step') === 'finished'
      ? `${told.actor} ended the trust in the old certificate authority`
      : `${told.actor} made a new certificate authority`,
  'secrets.rotate': ({ actor }) => `${actor} changed the key of the hub’s secrets`,
  'telemetry.export': ({ actor }) => `${actor} exported readings`,
  'telemetry.import': ({ actor }) => `${actor} began an import of readings`,
  'telemetry.delete': (told) =>
    `${told.actor} deleted readings${told.subject && ` of ${told.subject}`}`,
  'telemetry.sql': ({ actor }) => `${actor} asked the history in SQL`,
  'retention.set': (told) =>
    `${told.actor} said how long readings of ${told.subject || 'something'} are kept`,
  'retention.remove': (told) =>
    `${told.actor} removed the rule for how long readings of ${told.subject || 'something'} are kept`,
  'command.create': (told) => `${told.actor} told ${told.subject}: ${detail(told, 'action')}`,
  'config.set': (told) => `${told.actor} changed the settings of ${told.subject}`,
  'override.start': (told) => `${told.actor} set ${told.subject} for a while`,
  'override.extend': (told) => `${told.actor} extended what holds for ${told.subject}`,
  'override.cancel': (told) => `${told.actor} ended early what held for ${told.subject}`,
  'override.end': (told) => `What held for ${told.subject} for a while has ended`,
  'audit.export': ({ actor }) => `${actor} downloaded this log`,
  'audit.retain': ({ actor }) => `${actor} removed rows of this log that were too old`,
  'room.add': (told) => `${told.actor} added the room ${told.subject}`,
  'room.update': (told) => `${told.actor} changed the room ${told.subject}`,
  'room.remove': (told) => `${told.actor} removed the room ${told.subject}`,
  'schedule.create': (told) => `${told.actor} made the schedule ${told.subject}`,
  'schedule.update': (told) => `${told.actor} changed the schedule ${told.subject}`,
  'schedule.remove': (told) => `${told.actor} removed the schedule ${told.subject}`,
  'audit.anchor': ({ actor }) => `${actor} began this log`,
  'signing.update': (told) => `${told.actor} changed how ${told.subject} signs its messages`,
  'type.create': (told) => `${told.actor} added the type ${told.subject}`,
  'type.update': (told) => `${told.actor} changed the type ${told.subject}`,
  'type.remove': (told) => `${told.actor} removed the type ${told.subject}`,
  'scene.create': (told) => `${told.actor} made the scene ${told.subject}`,
  'scene.update': (told) => `${told.actor} changed the scene ${told.subject}`,
  'scene.remove': (told) => `${told.actor} removed the scene ${told.subject}`,
  'group.create': (told) => `${told.actor} made the group ${told.subject}`,
  'group.update': (told) => `${told.actor} changed the group ${told.subject}`,
  'group.remove': (told) => `${told.actor} removed the group ${told.subject}`,
  'scene.run': (told) => `${told.actor} ran the scene ${told.subject}`,
  'group.command': (told) => `${told.actor} told the group ${told.subject}`,
};

/** The sentence of what was not done, or not as usual, by action and outcome. */
const otherwise: Readonly<Record<string, (told: Told) => string>> = {
  'auth.login refused': (told) =>
    own(told) || told.subject === ''
      ? 'A sign-in was refused'
      : `A sign-in as ${told.subject} was refused`,
  'auth.login second_factor': ({ subject }) =>
    `${subject} gave the right password; the code had to follow`,
  'auth.password offered': (told) => `${told.actor} gave out a code for ${of(told, 'password')}`,
  'auth.password refused': (told) => `A wrong password was given for ${told.subject}`,
  'auth.oidc refused': (told) =>
    told.subject === ''
      ? 'A sign-in by the provider was refused'
      : `A link of ${told.subject} to the provider was refused`,
  'auth.passkey refused': ({ subject }) => `A passkey of ${subject} was refused`,
  'share.end expired': ({ subject }) => `What was shared with ${subject} has ended by itself`,
  'join.close too_many_tries': () => 'No device can join any more: too many wrong codes were tried',
  'secrets.rotate failed': ({ actor }) =>
    `${actor} could not change the key of the hub’s secrets: it failed`,
  'audit.anchor key_lost': () =>
    'The key of this log was lost: the rows before cannot be proved any more',
  'telemetry.export cancelled': ({ actor }) => `${actor} called off an export of readings`,
  'telemetry.export downloaded': ({ actor }) => `${actor} downloaded exported readings`,
  'telemetry.export removed': ({ actor }) => `${actor} removed an export of readings`,
  'telemetry.import done': (told) =>
    `An import by ${told.actor} ended: ${detail(told, 'readings')} readings came in`,
  'telemetry.import failed': ({ actor }) => `An import of readings by ${actor} failed`,
  'telemetry.import cancelled': ({ actor }) => `An import of readings by ${actor} was called off`,
  'person.invite withdrawn': ({ actor }) => `${actor} withdrew an invitation`,
};

/** Of what is never done, whatever the outcome says of why. */
const refusals: Readonly<Record<string, (told: Told) => string>> = {
  'join.refuse': ({ subject }) =>
    subject === '' ? 'A device that wanted to join was refused' : `${subject} was refused to join`,
  'est.refuse': ({ subject }) =>
    subject === '' ? 'A certificate was refused' : `A certificate for ${subject} was refused`,
  'access.denied': ({ actor, row }) =>
    row.subject === 'many'
      ? `${String(row.detail.count)} more requests were refused`
      : `${actor} was refused ${row.subject}`,
  'auth.refresh_reuse': ({ subject }) =>
    `A token of ${subject} was used twice, so that session was ended: somebody may have copied it`,
  'audit.altered': () => 'A check found that this log had been altered',
  'audit.gap': () =>
    'The end of this log is not where it was written: rows are missing, or strange',
  'audit.unguarded': () => 'What keeps this log from being changed was gone, and is there again',
  'audit.broken': () => 'The end of this log had been altered',
};

/** What a row of the audit says, as a sentence without its full stop. */
export function auditWords(row: AuditRow, names: Names): string {
  const told = { actor: actorWords(row.actor, names), subject: subjectWords(row, names), row };
  const exactly = otherwise[`${row.action} ${row.outcome}`] ?? refusals[row.action];
  if (exactly) return exactly(told).trim();
  const words = done[row.action];
  if (words) {
    const said = words(told).trim();
    return row.outcome === 'ok' ? said : `Not done, ${plain(row.outcome)}: ${said}`;
  }
  if (row.action === 'command.settle')
    return `${told.subject}: the command ended, ${plain(row.outcome)}`;
  const what = `${told.actor}: ${plain(row.action)} ${told.subject}`.trim();
  return row.outcome === 'ok' ? what : `${what}, ${plain(row.outcome)}`;
}

function secondFactor(told: Told): string {
  switch (detail(told, 'change')) {
    case 'on':
      return `${told.actor} set up an authenticator app`;
    case 'recovery_codes':
      return `${told.actor} made new recovery codes`;
    default:
      return `${told.actor} removed ${of(told, 'authenticator app')}`;
  }
}

/** `schedule.update` → `schedule update`. */
const plain = (word: string): string => word.replaceAll(/[._]/g, ' ');

/** Whether somebody should look at it: something was refused. */
export const isRefusal = ({ outcome, action }: AuditRow): boolean =>
  outcome === 'refused' || Object.hasOwn(refusals, action);

/** Kinds of rows that can be asked for: the word before the dot of their actions. */
export const auditKinds: readonly (readonly [action: string, words: string])[] = [
  ['', 'Everything'],
  ['auth', 'Signing in'],
  ['person', 'People'],
  ['share', 'Sharing'],
  ['token', 'Tokens for programs'],
  ['credential', 'MQTT users'],
  ['device', 'Devices'],
  ['join', 'Devices that join'],
  ['est', 'Certificates of devices'],
  ['command', 'Commands'],
  ['schedule', 'Schedules'],
  ['override', 'For a while'],
  ['config', 'Settings of devices'],
  ['access', 'Refused requests'],
  ['room', 'Rooms'],
  ['group', 'Groups'],
  ['scene', 'Scenes'],
  ['type', 'Types of devices'],
  ['signing', 'Signatures'],
  ['telemetry', 'Exports, imports and deletions'],
  ['retention', 'How long history is kept'],
  ['ca', 'Certificate authority'],
  ['secrets', 'Secrets of the hub'],
  ['audit', 'This log'],
];
