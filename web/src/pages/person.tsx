import { useLoad, useNow, useObservable } from '../hooks.ts';
import { BackLink } from '../parts/back-link.tsx';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PersonAccess } from '../parts/person-access.tsx';
import { PersonHelp } from '../parts/person-help.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { SharesCard } from '../parts/shares-card.tsx';
import { people } from '../people-api.ts';
import type { HouseholdPerson } from '../people-wire.ts';
import { mayManage, roleWords } from '../roles.ts';
import { useSession } from '../session.ts';
import { dayAndYear, timeAgo } from '../time.ts';

/** Somebody else of the home: what they may, what is shared with them, and help with signing in. */
export function PersonPage({ id }: { id: string }) {
  const [everyone, reload] = useLoad(people.list, 'people');
  const above = <BackLink to={{ page: 'people' }} words="People" />;
  if (everyone.state === 'failed') {
    return (
      <>
        <PageHead title="Somebody" above={above} />
        <ProblemNote problem={everyone.problem} />
      </>
    );
  }
  if (everyone.state === 'loading') {
    return (
      <PageHead title="Somebody" above={above}>
        <p class="quiet">Asking the hub…</p>
      </PageHead>
    );
  }
  const person = everyone.value.find((one) => one.id === id);
  if (!person) {
    return (
      <PageHead title="Nobody here" above={above}>
        <p class="quiet">Whoever this was does not belong to this home any more.</p>
      </PageHead>
    );
  }
  return (
    <>
      <PageHead title={person.name} above={above} />
      <Known person={person} onChange={reload} />
    </>
  );
}

function Known({ person, onChange }: { person: HouseholdPerson; onChange: () => void }) {
  const { live, person: me } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const may = mayManage(me.role, person.role) && person.id !== me.id;
  const used = person.last_used_at;
  return (
    <div class="card-columns">
      <div class="card-column">
        <section class="card" aria-labelledby="about">
          <h2 id="about">About</h2>
          <Facts
            facts={[
              ['E-mail', person.email],
              ['Role', roleWords(person.role)],
              ['Sign-in', person.state === 'disabled' ? 'Shut out' : signInWords(person)],
              ['Last here', used === null ? undefined : timeAgo(Date.parse(used), nowMs)],
              ['Joined', dayAndYear(Date.parse(person.created_at))],
            ]}
          />
          {!may && person.id !== me.id && (
            <p class="quiet">Only an owner can change anything here.</p>
          )}
        </section>
        {may && <PersonAccess person={person} onChange={onChange} />}
      </div>
      <div class="card-column">
        {person.role === 'guest' && <SharesCard person={person} nowMs={nowMs} />}
        {may && <PersonHelp person={person} nowMs={nowMs} onChange={onChange} />}
      </div>
    </div>
  );
}

function signInWords({ has_password, second_factor }: HouseholdPerson): string {
  const first = has_password ? 'Password' : 'Without a password';
  return second_factor ? `${first}, authenticator app` : first;
}
