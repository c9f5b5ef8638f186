import { useState } from 'preact/hooks';
import { type Action, useAction } from '../hooks.ts';
import { Field } from './field.tsx';
import { Form } from './form.tsx';

/** Asks for the password before something that an open browser alone should not be enough for. */
export function PasswordAsk(props: {
  submit: string;
  why: string;
  onPassword: (password: string) => Promise<void>;
  onCancel: () => void;
}) {
  const [password, setPassword] = useState('');
  const go: Action<[]> = useAction(() => props.onPassword(password));
  return (
    <Form action={go} fields={['password']} submit={props.submit} onCancel={props.onCancel}>
      <Field
        label="Your password"
        name="password"
        value={password}
        onValue={setPassword}
        problem={go.problem}
        help={props.why}
        input={{ type: 'password', autocomplete: 'current-password' }}
      />
    </Form>
  );
}
