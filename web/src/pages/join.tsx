import { useState } from 'preact/hooks';
import { useAction, useLoad } from '../hooks.ts';
import { AccountFields } from '../parts/account-fields.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice } from '../parts/notice.tsx';
import { entry } from '../people-api.ts';
import type { Person } from '../wire.ts';

/** Whoever was invited says who they are, and is in. */
export function JoinPage(props: {
  home: string;
  invitation: string;
  /** Who is signed in in this browser already. */
  person: Person | undefined;
  onDone: () => Promise<void>;
}) {
  const { home, person } = props;
  return (
    <Notice
      title={`Join ${home || 'this home'}`}
      lead="You were invited. Choose how you sign in; it stays on this hub and nowhere else."
    >
      {person && (
        <p class="note note-warning">
          You are signed in as {person.name}. Whoever joins here takes their place in this browser.
        </p>
      )}
      <JoinForm {...props} />
    </Notice>
  );
}

function JoinForm({ invitation, onDone }: { invitation: string; onDone: () => Promise<void> }) {
  const [draft, setDraft] = useState({ invitation, name: '', email: '', password: '' });
  const [provider] = useLoad(entry.provider, 'provider');
  const change = (field: keyof typeof draft) => (value: string) =>
    setDraft((before) => ({ ...before, [field]: value }));
  const join = useAction(async () => {
    const email = draft.email.trim();
    const name = draft.name.trim();
    await entry.register({ ...draft, invitation: draft.invitation.trim(), name, email });
    await entry.logIn(email, draft.password);
    await onDone();
  });
  const { problem } = join;
  const providerName = provider.state === 'loaded' ? provider.value.provider?.name : undefined;
  const byProvider = new URLSearchParams({ invitation: draft.invitation.trim() });
  return (
    <>
      <Form action={join} fields={Object.keys(draft)} submit="Join" busy="Joining…">
        {invitation === '' && (
          <Field
            label="Invitation"
            name="invitation"
            value={draft.invitation}
            onValue={change('invitation')}
            problem={problem}
            help="The code that you were given."
            input={{ autocomplete: 'off', autocapitalize: 'off', spellcheck: false }}
          />
        )}
        <AccountFields
          account={draft}
          change={change}
          problem={problem}
          emailHelp="The one that you were invited by, if it was one."
        />
      </Form>
      {providerName !== undefined && draft.invitation !== '' && (
        <div class="other-ways">
          <a class="button" href={`/api/v1/auth/oidc/login?${byProvider}`}>
            Join with {providerName}
          </a>
        </div>
      )}
    </>
  );
}
