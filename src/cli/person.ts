import type { Hub } from './hub.ts';
import { type Kind, meant } from './meant.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly state: 'active' | 'disabled';
  readonly has_password: boolean;
  readonly second_factor: boolean;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

export const personPath = (id: string): string => `/people/${encodeURIComponent(id)}`;

const kind: Kind<Person> = {
  singular: 'person',
  plural: 'people',
  shownBy: 'hearth user list',
  namesOf: ({ email, name }) => [email, name],
};

export async function everyone(hub: Hub): Promise<readonly Person[]> {
  return (await hub.get<{ people: readonly Person[] }>('/people')).people;
}

/** Whoever is meant, by email, name or id. @throws HearthError `not_found`, `conflict`. */
export const findPerson = async (hub: Hub, who: string): Promise<Person> =>
  meant(who, await everyone(hub), kind);
