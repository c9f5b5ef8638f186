import { ago } from './ago.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { findPerson, personPath } from './person.ts';

interface Session {
  readonly id: string;
  readonly method: string;
  readonly user_agent: string;
  readonly address: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
}

/** Where somebody is signed in. */
export async function listSessions(at: Invocation, who: string): Promise<void> {
  const { person, ...answer } = await withHub(at, async (hub) => {
    const found = await findPerson(hub, who);
    const path = `${personPath(found.id)}/sessions`;
    return { person: found, ...(await hub.get<{ sessions: readonly Session[] }>(path)) };
  });
  const home = homeTime(at);
  const nowMs = at.around.clock.nowMs();
  at.answer(answer, () =>
    answer.sessions.length === 0
      ? `${person.name} is signed in nowhere.`
      : home.below(
          at.table(
            ['since', 'last used', 'ends', 'by', 'from', 'browser'],
            answer.sessions.map((session) => [
              home.minute(session.created_at),
              ago(session.last_used_at, nowMs),
              home.minute(session.expires_at),
              session.method,
              session.address,
              session.user_agent,
            ]),
            ['browser'],
          ),
        ),
  );
}

/** Ends every session of somebody; they may sign in again. */
export async function signOut(at: Invocation, who: string): Promise<void> {
  const person = await withHub(at, async (hub) => {
    const found = await findPerson(hub, who);
    await hub.delete(`${personPath(found.id)}/sessions`);
    return found;
  });
  at.answer({ signed_out: person.id }, () => `${person.name} is signed out everywhere.`);
  at.note(`To keep them out: hearth user disable ${person.email}`);
}
