import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { NewPassword } from '../parts/new-password.tsx';
import { Notice } from '../parts/notice.tsx';
import { entry } from '../people-api.ts';

/** Whoever was given a code sets a new password. */
export function ResetPage(props: { code: string; onDone: () => Promise<void> }) {
  const { code: given, onDone } = props;
  const [code, setCode] = useState(given);
  const [password, setPassword] = useState('');
  const [isDone, setIsDone] = useState(false);
  const reset = useAction(async () => {
    await entry.resetPassword(code.trim(), password);
    setIsDone(true);
    // Whoever was signed in here may not be any more.
    await onDone();
  });
  if (isDone) {
    return (
      <Notice
        title="Your new password is set"
        lead="Wherever you were signed in, you no longer are."
      >
        <a class="button button-main" href="#/">
          Go and sign in
        </a>
      </Notice>
    );
  }
  return (
    <Notice title="Choose a new password" lead="The old one ends with it.">
      <Form
        action={reset}
        fields={given === '' ? ['code', 'new_password'] : ['new_password']}
        submit="Set the password"
        busy="Setting it…"
      >
        {given === '' && (
          <Field
            label="Code"
            name="code"
            value={code}
            onValue={setCode}
            problem={reset.problem}
            help="The one that you were given."
            input={{
              autocomplete: 'off',
              autocapitalize: 'off',
              spellcheck: false,
              class: 'code-input',
            }}
          />
        )}
        <NewPassword
          label="New password"
          name="new_password"
          value={password}
          onValue={setPassword}
          problem={reset.problem}
        />
      </Form>
    </Notice>
  );
}
