import { useLoad, useNow, useObservable } from '../hooks.ts';
import { InvitationRow } from '../parts/invitation-row.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { people } from '../people-api.ts';
import type { HouseholdPerson } from '../people-wire.ts';
import { roleWords } from '../roles.ts';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { timeAgo } from '../time.ts';

/** Everyone who belongs to the home, and who is invited. */
export function PeoplePage() {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const [everyone] = useLoad(people.list, 'people');
  const [invitations, reload] = useLoad(people.invitations, 'invitations');
  const open = invitations.state === 'loaded' ? invitations.value : [];
  return (
    <>
      <PageHead title="People">
        <a class="button button-main" href={linkTo({ page: 'invite' })}>
          Invite somebody
        </a>
      </PageHead>
      {everyone.state === 'loading' && <p class="quiet">Asking the hub…</p>}
      {everyone.state === 'failed' && <ProblemNote problem={everyone.problem} />}
      <div class="page-column">
        {everyone.state === 'loaded' && (
          <section class="card" aria-label="Who belongs to this home">
            <ul class="rows">
              {everyone.value.map((person) => (
                <PersonRow key={person.id} person={person} nowMs={nowMs} />
              ))}
            </ul>
          </section>
        )}
        {open.length > 0 && (
          <section class="card" aria-labelledby="invited">
            <h2 id="invited">Invited</h2>
            <ul class="rows">
              {open.map((invitation) => (
                <InvitationRow
                  key={invitation.id}
                  invitation={invitation}
                  nowMs={nowMs}
                  onChange={reload}
                />
              ))}
            </ul>
          </section>
        )}
      </div>
    </>
  );
}

function PersonRow({ person, nowMs }: { person: HouseholdPerson; nowMs: number }) {
  const { person: me } = useSession();
  const isMe = person.id === me.id;
  const used = person.last_used_at;
  return (
    <li class="row">
      <p class="row-main">
        <span>
          <a href={linkTo(isMe ? { page: 'account' } : { page: 'person', id: person.id })}>
            {person.name}
          </a>
          {isMe && ' (you)'}
        </span>
        <span class="outcome">
          {person.state === 'disabled' ? 'Shut out' : roleWords(person.role)}
        </span>
      </p>
      <p class="quiet">
        {person.email}
        {used !== null && `, here ${timeAgo(Date.parse(used), nowMs)}`}
        {person.second_factor && ', with an authenticator app'}
      </p>
    </li>
  );
}
