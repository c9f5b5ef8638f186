import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { AccountFields } from '../parts/account-fields.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice } from '../parts/notice.tsx';

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
      <Form
        action={create}
        fields={Object.keys(owner)}
        submit="Set up and sign in"
        busy="Setting up…"
      >
        <Field
          label="Set-up code"
          name="code"
          value={owner.code}
          onValue={change('code')}
          problem={problem}
          help="It stands in the terminal where the hub was started."
          input={{ autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: false }}
        />
        <AccountFields
          account={owner}
          change={change}
          problem={problem}
          emailHelp="For signing in. The hub sends no mail, unless you give it a mail server."
        />
      </Form>
    </Notice>
  );
}
