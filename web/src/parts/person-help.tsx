import { useState } from 'preact/hooks';
import { resetLink } from '../entry.ts';
import { useAction } from '../hooks.ts';
import { people } from '../people-api.ts';
import type { HouseholdPerson, OneTimeCode } from '../people-wire.ts';
import { OneTimeLink } from './one-time-link.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';

/** For somebody who has forgotten the password, or lost the phone with the app. */
export function PersonHelp(props: {
  person: HouseholdPerson;
  nowMs: number;
  onChange: () => void;
}) {
  const { person, nowMs, onChange } = props;
  const [made, setMade] = useState<OneTimeCode>();
  const reset = useAction(async () => setMade(await people.resetPassword(person.id)));
  return (
    <section class="card" aria-labelledby="help">
      <h2 id="help">Help with signing in</h2>
      {made ? (
        <>
          <p>
            With this link {person.name} sets a new password. The old one works until it is used.
          </p>
          <OneTimeLink
            url={resetLink(location, made.code)}
            what="the new password"
            expiresAt={made.expires_at}
            nowMs={nowMs}
          />
        </>
      ) : (
        <div class="buttons">
          <button
            type="button"
            class="button"
            disabled={reset.busy}
            onClick={() => void reset.run()}
          >
            New password
          </button>
        </div>
      )}
      <ProblemNote problem={reset.problem} />
      {person.second_factor && (
        <>
          <h3>Authenticator app</h3>
          <Removable
            verb="Remove the app"
            name={`of ${person.name}`}
            question="Do so when the phone and the recovery codes are lost. The password alone is enough then."
            yes="Yes, remove it"
            onRemove={async () => {
              await people.removeSecondFactor(person.id);
              onChange();
            }}
          />
        </>
      )}
    </section>
  );
}
