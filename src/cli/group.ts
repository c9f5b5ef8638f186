import { HearthError } from '#kernel';
import { expiryOf, type SendOptions, waitOf, waitQuery } from './command.ts';
import { type Device, devicePath } from './device.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { answerRun, type Run } from './run-words.ts';
import { list } from './table.ts';
import { actionOf } from './value.ts';

interface Group {
  readonly id: string;
  readonly name: string;
  readonly devices: readonly string[];
}

export async function addGroup(
  at: Invocation,
  name: string,
  devices: readonly string[],
): Promise<void> {
  const group = await withHub(at, (hub) => hub.post<Group>('/groups', { name, devices }));
  const count = group.devices.length === 1 ? '1 device' : `${group.devices.length} devices`;
  at.answer(group, () => `${group.name} is added, as ${group.id}, with ${count}.`);
}

export async function listGroups(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ groups: readonly Group[] }>('/groups'));
  at.answer(answer, () =>
    answer.groups.length === 0
      ? 'There are no groups yet: hearth group add Downstairs plug-1 plug-2.'
      : at.table(
          ['id', 'name', 'devices'],
          answer.groups.map(({ id, name, devices }) => [id, name, devices]),
          ['name', 'devices'],
        ),
  );
}

export async function showGroup(at: Invocation, idOrName: string): Promise<void> {
  const group = await withHub(at, (hub) => findGroup(hub, idOrName));
  at.answer(group, () => list({ ...group }));
}

interface MemberOptions {
  /** Ids with commas between them. */
  readonly add?: string;
  readonly remove?: string;
}

/** Puts devices into a group, and takes others out. */
export async function changeMembers(
  at: Invocation,
  idOrName: string,
  { add, remove }: MemberOptions,
): Promise<void> {
  const added = idsOf(add, '--add');
  const removed = idsOf(remove, '--remove');
  if (added.length + removed.length === 0) {
    throw new HearthError('bad_request', 'group members takes --add, --remove or both', {
      hint: 'hearth group members Downstairs --add plug-1,plug-2 --remove fan',
    });
  }
  const group = await withHub(at, async (hub) => {
    const { id, name, devices } = await findGroup(hub, idOrName);
    const stranger = removed.find((device) => !devices.includes(device));
    if (stranger !== undefined) {
      throw new HearthError('not_found', `${name} has no device "${stranger}"`, {
        field: '--remove',
        hint: `hearth group show ${id} has those it has.`,
      });
    }
    const kept = devices.filter((device) => !removed.includes(device));
    const members = [...new Set([...kept, ...added])];
    return hub.patch<Group>(groupPath(id), { devices: members });
  });
  at.answer(group, () =>
    group.devices.length === 0
      ? `${group.name} is empty now.`
      : `${group.name} is now: ${group.devices.join(', ')}.`,
  );
}

/** @throws HearthError `bad_request` for a list with nothing in it. */
function idsOf(text: string | undefined, option: string): readonly string[] {
  if (text === undefined) return [];
  const ids = text.split(',').map((id) => id.trim());
  if (!ids.includes('')) return ids;
  throw new HearthError('bad_request', `${option} takes ids with commas: plug-1,plug-2`, {
    field: option,
  });
}

export async function removeGroup(at: Invocation, idOrName: string): Promise<void> {
  const group = await withHub(at, async (hub) => {
    const found = await findGroup(hub, idOrName);
    await hub.delete(groupPath(found.id));
    return found;
  });
  at.answer({ removed: group.id }, () => `${group.name} is removed; its devices stay.`);
}

/** Has every device of a group do the same. */
export async function commandGroup(
  at: Invocation,
  idOrName: string,
  action: string,
  value: string | undefined,
  options: SendOptions,
): Promise<void> {
  const waited = waitOf(options);
  const body = { ...actionOf(action, value), ...expiryOf(options) };
  const run = await withHub(
    at,
    async (hub) => {
      const { id } = await findGroup(hub, idOrName);
      return hub.post<Run>(`${groupPath(id)}/commands${waitQuery(waited)}`, body);
    },
    { running: true },
  );
  answerRun(at, run, waited);
}

/** What something is for: a device by its id, or else a group by its id or name. */
export async function findTarget(
  hub: Hub,
  word: string,
): Promise<{ readonly device_id: string } | { readonly group_id: string }> {
  try {
    return { device_id: (await hub.get<Device>(devicePath(word))).id };
  } catch (error) {
    if (!(error instanceof HearthError) || error.code !== 'not_found') throw error;
  }
  const group = await groupNamed(hub, word);
  if (group) return { group_id: group.id };
  throw new HearthError('not_found', `there is no device or group "${word}"`, {
    hint: 'hearth device list and hearth group list show them.',
  });
}

async function findGroup(hub: Hub, idOrName: string): Promise<Group> {
  const group = await groupNamed(hub, idOrName);
  if (group) return group;
  throw new HearthError('not_found', `there is no group "${idOrName}"`, {
    hint: 'hearth group list shows them.',
  });
}

async function groupNamed(hub: Hub, idOrName: string): Promise<Group | undefined> {
  const { groups } = await hub.get<{ groups: readonly Group[] }>('/groups');
  const isNamed = ({ name }: Group) => name.toLowerCase() === idOrName.toLowerCase();
  return groups.find(({ id }) => id === idOrName) ?? groups.find(isNamed);
}

const groupPath = (id: string): string => `/groups/${encodeURIComponent(id)}`;
