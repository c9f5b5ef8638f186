import { account } from '../people-api.ts';
import type { Provider } from '../people-wire.ts';
import { dayAndYear } from '../time.ts';
import { Guarded } from './guarded.tsx';
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
  return (
    <>
      <p>Link your account there, and you can sign in by it.</p>
      <Guarded
        words="Link my account"
        submit="Continue"
        why="So that nobody else links their account at your open browser."
        onGo={async (password) => {
          location.href = await account.beginLink(password);
        }}
      />
    </>
  );
}
