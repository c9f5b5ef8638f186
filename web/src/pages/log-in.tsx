import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { Field } from '../parts/field.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';

export function LogInPage(props: { home: string; onDone: () => Promise<void> }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const logIn = useAction(async () => {
    await api.logIn(email.trim(), password);
    await props.onDone();
  });
  return (
    <Notice title="Welcome back" lead={`Sign in to ${props.home || 'your home'}.`}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void logIn.run();
        }}
      >
        <ProblemNote problem={logIn.problem} fields={['email', 'password']} />
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
        <button type="submit" class="button button-main" disabled={logIn.busy}>
          {logIn.busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </Notice>
  );
}
