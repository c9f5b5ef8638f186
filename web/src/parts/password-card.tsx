import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { account } from '../people-api.ts';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { NewPassword } from './new-password.tsx';

/** A new password in place of the old one. */
export function PasswordCard() {
  const [editing, setEditing] = useState(false);
  const [isDone, setIsDone] = useState(false);
  const open = () => {
    setIsDone(false);
    setEditing(true);
  };
  return (
    <section class="card" aria-labelledby="password">
      <h2 id="password">Password</h2>
      <p role="status">
        {isDone && 'Your new password is set. Everywhere else you were signed out.'}
      </p>
      {editing ? (
        <PasswordForm
          onDone={() => {
            setIsDone(true);
            setEditing(false);
          }}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <div class="buttons">
          <button type="button" class="button" onClick={open}>
            Change the password
          </button>
        </div>
      )}
    </section>
  );
}

function PasswordForm({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useAction(async () => {
    await account.changePassword(current, next);
    onDone();
  });
  return (
    <Form
      action={change}
      fields={['current_password', 'new_password']}
      submit="Set the password"
      busy="Setting it…"
      onCancel={onCancel}
    >
      <p class="quiet">It signs you out everywhere but here.</p>
      <Field
        label="The password until now"
        name="current_password"
        value={current}
        onValue={setCurrent}
        problem={change.problem}
        input={{ type: 'password', autocomplete: 'current-password' }}
      />
      <NewPassword
        label="New password"
        name="new_password"
        value={next}
        onValue={setNext}
        problem={change.problem}
      />
    </Form>
  );
}
