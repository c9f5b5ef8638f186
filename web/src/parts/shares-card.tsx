import { useState } from 'preact/hooks';
import { useLoad, useObservable } from '../hooks.ts';
import { people } from '../people-api.ts';
import type { HouseholdPerson, Share } from '../people-wire.ts';
import { useSession } from '../session.ts';
import { sharedHow, sharedWhat } from '../share-words.ts';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';
import { ShareForm } from './share-form.tsx';

/** What a guest gets to see, to control, and until when. */
export function SharesCard({ person, nowMs }: { person: HouseholdPerson; nowMs: number }) {
  const [shares, reload] = useLoad(() => people.shares(person.id), person.id);
  const [adding, setAdding] = useState(false);
  const done = () => {
    setAdding(false);
    reload();
  };
  return (
    <section class="card" aria-labelledby="shares">
      <h2 id="shares">Shared with {person.name}</h2>
      {shares.state === 'failed' && <ProblemNote problem={shares.problem} />}
      {shares.state === 'loaded' && shares.value.length === 0 && (
        <p class="quiet">Nothing yet, so they see an empty home.</p>
      )}
      {shares.state === 'loaded' && shares.value.length > 0 && (
        <ul class="rows">
          {shares.value.map((share) => (
            <ShareRow key={share.id} share={share} nowMs={nowMs} onChange={reload} />
          ))}
        </ul>
      )}
      {adding ? (
        <ShareForm personId={person.id} onDone={done} onCancel={() => setAdding(false)} />
      ) : (
        <div class="buttons">
          <button type="button" class="button" onClick={() => setAdding(true)}>
            Share something
          </button>
        </div>
      )}
    </section>
  );
}

function ShareRow(props: { share: Share; nowMs: number; onChange: () => void }) {
  const { share, nowMs } = props;
  const { live, rooms } = useSession();
  const { devices } = useObservable(live.state);
  const what = sharedWhat(share, devices, rooms);
  return (
    <li class="row">
      <p>
        <strong>{what}</strong>
      </p>
      <p class="quiet">{sharedHow(share, nowMs)}</p>
      <Removable
        verb="End"
        name={`sharing ${what}`}
        question="End it? It counts at once, also on what they have open."
        yes="Yes, end it"
        onRemove={async () => {
          await people.endShare(share.id);
          props.onChange();
        }}
      />
    </li>
  );
}
