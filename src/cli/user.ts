import { HearthError } from '#kernel';
import { ago } from './ago.ts';
import { confirmed } from './confirm.ts';
import { details } from './details.ts';
import { inFlags } from './flag-words.ts';
import { type Hub, withHub } from './hub.ts';
import { inviteUser } from './invitation.ts';
import type { Invocation } from './invocation.ts';
import { everyone, findPerson, type Person, personPath } from './person.ts';
import { newPassword, type PasswordOptions, refuseSpoken } from './secret-input.ts';
import { sharedWith } from './share.ts';

interface AddOptions extends PasswordOptions {
  readonly name?: string;
  readonly role: string;
  /** A link for them, in place of an account with a password that somebody else knows. */
  readonly invite?: boolean;
}

/** Adds somebody with a password that whoever types this has chosen, or invites them. */
export async function addUser(at: Invocation, email: string, options: AddOptions): Promise<void> {
  refuseSpoken(options);
  const { name, role } = options;
  if (options.invite) return inviteUser(at, email, { role });
  if (name === undefined) {
    throw new HearthError('bad_request', '--name is missing: what they are called', {
      field: '--name',
      hint: 'With --invite they choose name and password themselves.',
    });
  }
  const flags = {
    email: { flag: 'email' },
    name: { flag: '--name' },
    role: { flag: '--role' },
  };
  const person = await withHub(at, async (hub) => {
    await refuseKnown(hub, email);
    const password = await newPassword(at, options, `Password for ${name}`);
    return inFlags(flags, () => hub.post<Person>('/people', { email, name, role, password }));
  });
  at.answer(person, () => `${person.name} is added as ${person.role}, and signs in as ${email}.`);
}

export async function listUsers(at: Invocation): Promise<void> {
  const people = await withHub(at, everyone);
  const nowMs = at.around.clock.nowMs();
  at.answer({ people }, () =>
    people.length === 0
      ? 'There is nobody yet: hearth user add ada@example.org --name Ada --role owner.'
      : at.table(
          ['email', 'name', 'role', 'state', 'second factor', 'signed in', 'id'],
          people.map((person) => [
            person.email,
            person.name,
            person.role,
            person.state,
            person.second_factor ? 'yes' : 'no',
            ago(person.last_used_at, nowMs),
            person.id,
          ]),
          ['name'],
        ),
  );
}

export async function showUser(at: Invocation, who: string): Promise<void> {
  const { person, shares } = await withHub(at, async (hub) => {
    const found = await findPerson(hub, who);
    // Everybody else sees the whole home.
    const isGuest = found.role === 'guest';
    return { person: found, shares: isGuest ? await sharedWith(at, hub, found.id) : [] };
  });
  at.answer(person, () => details(at, shares.length === 0 ? person : { ...person, shares }));
}

export async function setRole(at: Invocation, who: string, role: string): Promise<void> {
  const person = await inFlags({ role: { flag: 'role' } }, () => change(at, who, { role }));
  at.answer(person, () => `${person.name} is ${article(role)} ${role} now, and signs in anew.`);
}

export async function disableUser(at: Invocation, who: string): Promise<void> {
  const person = await change(at, who, { disabled: true });
  at.answer(
    person,
    () => `${person.name} is disabled: signed out everywhere, and cannot sign in again.`,
  );
  at.note(`To let them in again: hearth user enable ${person.email}`);
}

export async function enableUser(at: Invocation, who: string): Promise<void> {
  const person = await change(at, who, { disabled: false });
  at.answer(person, () => `${person.name} can sign in again.`);
}

/** Sets a password without the one before it: whoever sits at the machine gets back in. */
export async function setPassword(
  at: Invocation,
  who: string,
  options: PasswordOptions,
): Promise<void> {
  refuseSpoken(options);
  const person = await withHub(at, async (hub) => {
    const found = await findPerson(hub, who);
    const new_password = await newPassword(at, options, `New password for ${found.name}`);
    await hub.put(`${personPath(found.id)}/password`, { new_password });
    return found;
  });
  at.answer(
    { changed: person.id },
    () => `${person.name} has a new password, and is signed out everywhere.`,
  );
  if (person.second_factor) {
    at.note(`The second factor stays. Where that is lost too: hearth user reset-2fa ${who}`);
  }
  if (person.state === 'disabled') {
    at.note(`${person.name} is disabled. To let them in: hearth user enable ${who}`);
  }
}

export async function resetSecondFactor(at: Invocation, who: string): Promise<void> {
  const person = await withHub(at, async (hub) => {
    const found = await findPerson(hub, who);
    await hub.delete(`${personPath(found.id)}/2fa`);
    return found;
  });
  at.answer(
    { reset: person.id },
    () => `${person.name} signs in without a second factor from now on.`,
  );
}

/** Removes somebody, once somebody has said yes to that. */
export async function removeUser(
  at: Invocation,
  who: string,
  options: { readonly yes?: boolean },
): Promise<void> {
  await withHub(at, async (hub) => {
    const { id, name, email } = await findPerson(hub, who);
    const question = `This removes ${name} (${email}) with all that is theirs, for good.`;
    if (!(await confirmed(at, question, options))) return at.note('Nothing is removed.');
    await hub.delete(personPath(id));
    at.answer({ removed: id }, () => `${name} is removed, and signed out everywhere.`);
  });
}

const change = (at: Invocation, who: string, changes: object): Promise<Person> =>
  withHub(at, async (hub) =>
    hub.patch<Person>(personPath((await findPerson(hub, who)).id), changes),
  );

/** Before anybody is asked for a password. @throws HearthError `conflict`. */
async function refuseKnown(hub: Hub, email: string): Promise<void> {
  const known = (await everyone(hub)).find((person) => person.email === email.toLowerCase());
  if (known === undefined) return;
  throw new HearthError('conflict', `${known.name} has the email ${email} already`, {
    field: 'email',
    hint: `To change the role: hearth user role ${email} ROLE. The password: hearth user passwd ${email}.`,
  });
}

const article = (role: string): string => (/^[aeiou]/.test(role) ? 'an' : 'a');
