import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { account } from '../people-api.ts';
import type { Provider } from '../people-wire.ts';
import { dayAndYear } from '../time.ts';
import { PasswordAsk } from './password-ask.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';

/** The account of a provider that one signs in by as well. */
export function ProviderCard(props: {
  name: string;
  link: Provider['link'];
  onChange: () => void;
}) {
  const { name, link } = props;
  return (
    <section class="card" aria-labelledby="provider">
      <h2 id="provider">{name}</h2>
      {link ? (
        <>
          <p>
            Linked{link.email !== null && ` to ${link.email}`} since{' '}
            {dayAndYear(Date.parse(link.created_at))}.
          </p>
          <Removable
            verb="Unlink"
            name={name}
            question="Unlink it? You sign in by other means then."
            yes="Yes, unlink it"
            onRemove={async () => {
              await account.removeLink();
              props.onChange();
            }}
          />
        </>
      ) : (
        <LinkUp />
      )}
    </section>
  );
}

function LinkUp() {
  const [asksPassword, setAsksPassword] = useState(false);
  const leave = async (password: string) => {
    location.href = await account.beginLink(password);
  };
  const link = useAction(() => leave(''));
  // A sign-in of some minutes ago is not enough any more: then the hub asks for the password.
  if (link.problem?.field === 'password' && !asksPassword) setAsksPassword(true);
  if (asksPassword) {
    return (
      <PasswordAsk
        submit="Continue"
        why="So that nobody else links their account at your open browser."
        onPassword={leave}
        onCancel={() => setAsksPassword(false)}
      />
    );
  }
  return (
    <>
      <p>Link your account there, and you can sign in by it.</p>
      <div class="buttons">
        <button type="button" class="button" disabled={link.busy} onClick={() => void link.run()}>
          Link my account
        </button>
      </div>
      <ProblemNote problem={link.problem} />
    </>
  );
}
