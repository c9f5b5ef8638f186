import { useState } from 'preact/hooks';
import { resetLink } from '../entry.ts';
import { people } from '../people-api.ts';
import type { HouseholdPerson, OneTimeCode } from '../people-wire.ts';
import { asksForPassword } from '../problem.ts';
import { Guarded } from './guarded.tsx';
import { OneTimeLink } from './one-time-link.tsx';
import { PasswordAsk } from './password-ask.tsx';
import { Removable } from './removable.tsx';

/** For somebody who has forgotten the password, or lost the phone with the app. */
export function PersonHelp(props: {
  person: HouseholdPerson;
  nowMs: number;
  onChange: () => void;
}) {
  const { person, nowMs, onChange } = props;
  const [made, setMade] = useState<OneTimeCode>();
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
        <Guarded
          words="New password"
          why="So that nobody else makes a link for them at your open browser."
          onGo={async (password) => setMade(await people.resetPassword(person.id, password))}
        />
      )}
      {person.second_factor && (
        <>
          <h3>Authenticator app</h3>
          <AppRemoval person={person} onChange={onChange} />
        </>
      )}
    </section>
  );
}

function AppRemoval({ person, onChange }: { person: HouseholdPerson; onChange: () => void }) {
  const [asks, setAsks] = useState(false);
  const remove = async (password: string) => {
    await people.removeSecondFactor(person.id, password);
    onChange();
  };
  if (asks) {
    return (
      <PasswordAsk
        submit="Remove it"
        why="So that nobody else removes it at your open browser."
        onPassword={remove}
        onCancel={() => setAsks(false)}
      />
    );
  }
  return (
    <Removable
      verb="Remove the app"
      name={`of ${person.name}`}
      question="Do so when the phone and the recovery codes are lost. The password alone is enough then."
      yes="Yes, remove it"
      onRemove={async () => {
        try {
          await remove('');
        } catch (thrown) {
          if (!asksForPassword(thrown)) throw thrown;
          setAsks(true);
        }
      }}
    />
  );
}
