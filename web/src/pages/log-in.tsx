import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice } from '../parts/notice.tsx';

export function LogInPage(props: { home: string; onDone: () => Promise<void> }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const logIn = useAction(async () => {
    await api.logIn(email.trim(), password);
    await props.onDone();
  });
  return (
    <Notice title="Welcome back" lead={`Sign in to ${props.home || 'your home'}.`}>
      <Form action={logIn} fields={['email', 'password']} submit="Sign in" busy="Signing in…">
        <Field
          label="E-mail"
          name="email"
          value={email}
          onValue={setEmail}
          problem={logIn.problem}
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
          value={password}
          onValue={setPassword}
          problem={logIn.problem}
          input={{ type: 'password', autocomplete: 'current-password' }}
        />
      </Form>
    </Notice>
  );
}
