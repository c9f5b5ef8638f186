import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { TypeDefinition } from './control-wire.ts';
import type { Live } from './live.ts';
import type { Person, Room } from './wire.ts';

/** What every page has once a person has signed in. */
export interface Session {
  readonly person: Person;
  readonly live: Live;
  /** In the order in which they are shown. */
  readonly rooms: readonly Room[];
  readonly reloadRooms: () => void;
  /** Asks the hub anew who is signed in: after a change of one's own name. */
  readonly reloadPerson: () => Promise<void>;
  /** What a device of this type can do; undefined until the hub has said. */
  readonly definitionOf: (type: string) => TypeDefinition | undefined;
  readonly signOut: () => Promise<void>;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('this part needs a signed-in person around it');
  return session;
}

/** Whether the person may rename devices, move them and add new ones. The hub checks again. */
export const mayChangeDevices = (person: Person): boolean =>
  person.role === 'owner' || person.role === 'admin';

/** Whether the person may see metrics that say much about people. The hub checks again. */
export const maySeeSensitive = (person: Person): boolean => mayChangeDevices(person);

/** Whether the person may say what devices do when nobody asks. The hub checks again. */
export const mayChangeSchedules = (person: Person): boolean => person.role !== 'guest';

/** Whether the person may invite others, share with them, and read what was done. */
export const mayManagePeople = (person: Person): boolean => mayChangeDevices(person);

/** Whether the person may say how long history is kept, export it and delete it. */
export const mayKeepHistory = (person: Person): boolean => mayChangeDevices(person);

/** Whether the person may make tokens for programs. */
export const mayMakeTokens = (person: Person): boolean => person.role === 'owner';
