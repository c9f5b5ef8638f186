import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { Field } from '../parts/field.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';

/** The first page of a new hub: whoever can read its terminal becomes its owner. */
export function SetUpPage({ onDone }: { onDone: () => Promise<void> }) {
  const [owner, setOwner] = useState({ code: '', name: '', email: '', password: '' });
  const change = (field: keyof typeof owner) => (value: string) =>
    setOwner((before) => ({ ...before, [field]: value }));
  const create = useAction(async () => {
    await api.createOwner({ ...owner, code: owner.code.trim(), email: owner.email.trim() });
    await onDone();
  });
  const { problem } = create;
  return (
    <Notice
      title="Set up your hub"
      lead="You become the owner of this home. It takes a minute, and nothing leaves your network."
    >
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void create.run();
        }}
      >
        <ProblemNote problem={problem} fields={Object.keys(owner)} />
        <Field
          label="Set-up code"
          name="code"
          value={owner.code}
          onValue={change('code')}
          problem={problem}
          help="It stands in the terminal where the hub was started."
          input={{ autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: false }}
        />
        <Field
          label="Your name"
          name="name"
          value={owner.name}
          onValue={change('name')}
          problem={problem}
          input={{ autocomplete: 'name', maxLength: 100 }}
        />
        <Field
          label="E-mail"
          name="email"
          value={owner.email}
          onValue={change('email')}
          problem={problem}
          help="Only for signing in. The hub sends no mail."
          input={{
            type: 'email',
            autocomplete: 'username',
            autocapitalize: 'off',
            spellcheck: false,
          }}
        />
        <Field
          label="Password"
          name="password"
          value={owner.password}
          onValue={change('password')}
          problem={problem}
          help="At least 10 characters. A few plain words in a row are easy to remember and hard to guess."
          input={{ type: 'password', autocomplete: 'new-password', minLength: 10, maxLength: 128 }}
        />
        <button type="submit" class="button button-main" disabled={create.busy}>
          {create.busy ? 'Setting up…' : 'Set up and sign in'}
        </button>
      </form>
    </Notice>
  );
}
