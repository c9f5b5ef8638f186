import { useLoad, useNow, useObservable } from '../hooks.ts';
import { account } from '../people-api.ts';
import type { SignInSession } from '../people-wire.ts';
import { useSession } from '../session.ts';
import { browserWords, methodWords } from '../session-words.ts';
import { timeAgo } from '../time.ts';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';

/** Every browser and program that one is signed in with. */
export function SessionsCard() {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const [sessions, reload] = useLoad(account.sessions, 'sessions');
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      {sessions.state === 'failed' && <ProblemNote problem={sessions.problem} />}
      {sessions.state === 'loaded' && (
        <ul class="rows">
          {sessions.value.map((session) => (
            <SessionRow key={session.id} session={session} nowMs={nowMs} onEnded={reload} />
          ))}
        </ul>
      )}
    </section>
  );
}

function SessionRow(props: { session: SignInSession; nowMs: number; onEnded: () => void }) {
  const { session, nowMs } = props;
  const words = browserWords(session.user_agent);
  return (
    <li class="row">
      <p>
        <strong>{words}</strong>
        {session.current && ' (here)'}
      </p>
      <p class="quiet">
        {session.current ? 'Signed in' : `Used ${timeAgo(Date.parse(session.last_used_at), nowMs)}`}
        {session.address && ` from ${session.address}`}, {methodWords(session.method)}
      </p>
      {!session.current && (
        <Removable
          verb="Sign it out"
          name={words}
          question="Sign it out? It counts at once."
          yes="Yes, sign it out"
          no="Leave it"
          onRemove={async () => {
            await account.endSession(session.id);
            props.onEnded();
          }}
        />
      )}
    </li>
  );
}
