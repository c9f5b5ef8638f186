import { HearthError, isHearthError } from '#kernel';
import type { Device } from './device.ts';
import { inFlags } from './flag-words.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { type Kind, meant } from './meant.ts';
import { everyone, findPerson, type Person, personPath } from './person.ts';
import type { Room } from './room.ts';
import { instantOf, laterOf } from './time-option.ts';

export interface Share {
  readonly id: string;
  readonly person_id: string;
  readonly device_id: string | null;
  readonly room: string | null;
  readonly access: string;
  readonly until: string | null;
  readonly given_by: string;
  readonly created_at: string;
}

interface GiveOptions {
  readonly until?: string;
  readonly for?: string;
}

interface ListOptions {
  readonly person?: string;
}

/** A device, or a room with all that stands in it. */
interface Place {
  readonly id: string;
  readonly name: string;
  readonly kind: 'device' | 'room';
}

const placeKind: Kind<Place> = {
  singular: 'device or room',
  plural: 'devices and rooms',
  shownBy: 'hearth device list and hearth room list',
  namesOf: ({ name }) => [name],
};

/** Lets a guest see a device or a room, or control it too. */
export async function giveShare(
  at: Invocation,
  target: string,
  who: string,
  access: string,
  options: GiveOptions,
): Promise<void> {
  const home = homeTime(at);
  const until = untilOf(at, options, home);
  const { share, person, place } = await withHub(at, async (hub) => {
    const place = meant(target, await placesOf(hub), placeKind);
    const person = await findPerson(hub, who);
    const body = { person_id: person.id, ...targetOf(place), access, until };
    const flags = {
      until: untilFlag(options),
      access: { flag: 'access' },
      person_id: { flag: 'person', typed: person.name },
      person: { flag: 'person', typed: person.name },
    };
    const share = await inFlags(flags, () => hub.post<Share>('/shares', body)).catch((error) => {
      throw ofPerson(error, person);
    });
    return { share, person, place };
  });
  at.answer(share, () => {
    const what = place.kind === 'room' ? `all that stands in ${place.name}` : place.name;
    const may = access === 'control' ? 'sees and controls' : 'sees';
    const end =
      share.until === null ? 'until that is ended' : `until ${home.withZone(share.until)}`;
    return `${person.name} ${may} ${what} ${end}.`;
  });
  at.note(`To end it: hearth share end ${share.id}`);
}

/** `person is Anna: the role member sees …` → `nothing can be shared with Anna: the role member sees …`. */
function ofPerson(error: unknown, { name }: Person): unknown {
  if (!isHearthError(error) || error.field !== 'person') return error;
  const { code, message, hint } = error;
  const said = message.replace(/^person is .*?: /, () => `nothing can be shared with ${name}: `);
  return new HearthError(code, said, {
    field: 'person',
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

export async function listShares(at: Invocation, { person }: ListOptions): Promise<void> {
  const { people, places, ...answer } = await withHub(at, async (hub) => {
    const person_id = person === undefined ? undefined : (await findPerson(hub, person)).id;
    return {
      ...(await hub.get<{ shares: readonly Share[] }>('/shares', { person_id })),
      people: await everyone(hub),
      places: await placesOf(hub),
    };
  });
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.shares.length === 0
      ? 'Nothing is shared: hearth share give <device or room> <person> read.'
      : home.below(
          at.table(
            ['id', 'person', 'what', 'may', 'until', 'by'],
            answer.shares.map((share) => [
              share.id,
              nameOf(people, share.person_id),
              placeOf(places, share),
              share.access,
              home.minute(share.until) || 'it is ended',
              share.given_by,
            ]),
          ),
        ),
  );
}

/** What is shared with one person, for a look at them. */
export async function sharedWith(at: Invocation, hub: Hub, personId: string) {
  const path = `${personPath(personId)}/shares`;
  const { shares } = await hub.get<{ shares: readonly Share[] }>(path);
  const places = shares.length === 0 ? [] : await placesOf(hub);
  const home = homeTime(at);
  return shares.map((share) => ({
    what: placeOf(places, share),
    may: share.access,
    until: home.minute(share.until) || 'it is ended',
  }));
}

/** Ends a share by its id, or what somebody has of a device or room. */
export async function endShare(
  at: Invocation,
  shareOrTarget: string,
  who: string | undefined,
): Promise<void> {
  const id = await withHub(at, async (hub) => {
    const found = who === undefined ? shareOrTarget : await shareOf(hub, shareOrTarget, who);
    await hub.delete(`/shares/${encodeURIComponent(found)}`);
    return found;
  });
  at.answer({ ended: id }, () => 'The share is ended: it is not there for them any more.');
}

async function shareOf(hub: Hub, target: string, who: string): Promise<string> {
  const place = meant(target, await placesOf(hub), placeKind);
  const person = await findPerson(hub, who);
  const query = { person_id: person.id, ...targetOf(place) };
  const [share] = (await hub.get<{ shares: readonly Share[] }>('/shares', query)).shares;
  if (share) return share.id;
  throw new HearthError('not_found', `${place.name} is not shared with ${person.name}`, {
    hint: `hearth share list --person ${person.email} shows what is.`,
  });
}

/** Devices before rooms, so that a room that is called as a device's id is no other. */
async function placesOf(hub: Hub): Promise<readonly Place[]> {
  const { devices } = await hub.get<{ devices: readonly Device[] }>('/devices');
  const { rooms } = await hub.get<{ rooms: readonly Room[] }>('/rooms');
  return [
    ...devices.map(({ id, name }): Place => ({ id, name, kind: 'device' })),
    ...rooms.map(({ id, name }): Place => ({ id, name, kind: 'room' })),
  ];
}

const targetOf = ({ id, kind }: Place) => (kind === 'room' ? { room: id } : { device_id: id });

const placeOf = (places: readonly Place[], { room, device_id }: Share): string =>
  room === null ? (device_id ?? '') : `${nameOf(places, room)} (room)`;

const nameOf = (things: readonly (Person | Place)[], id: string): string =>
  things.find((thing) => thing.id === id)?.name ?? id;

const untilFlag = ({ until, for: lasting }: GiveOptions) => ({
  flag: lasting === undefined ? '--until' : '--for',
  typed: lasting ?? until ?? '',
});

function untilOf(at: Invocation, options: GiveOptions, home: HomeTime): string | undefined {
  const { until } = options;
  if (until !== undefined && options.for !== undefined) {
    throw new HearthError('bad_request', 'share give takes --until or --for, not both', {
      field: '--until',
    });
  }
  if (options.for !== undefined) return laterOf(at, options.for, '--for');
  return until === undefined ? undefined : instantOf(until, '--until', home);
}
