import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { CodeForm } from '../parts/code-form.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice } from '../parts/notice.tsx';
import { OtherWays } from '../parts/other-ways.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { entry } from '../people-api.ts';
import { providerProblem } from '../provider-problem.ts';

interface Challenge {
  readonly challenge: string;
}

/** The way in: a password, and a code after it where one is asked for; or another way. */
export function LogInPage(props: {
  home: string;
  /** Why the provider sent somebody back, as a code. */
  problem: string | undefined;
  onDone: () => Promise<void>;
}) {
  const { home, problem, onDone } = props;
  const [asked, setAsked] = useState<Challenge>();
  if (asked) {
    return (
      <Notice title="One more step" lead="Your password was right. Now the code, please.">
        <CodeForm
          challenge={asked.challenge}
          onDone={onDone}
          onRestart={() => setAsked(undefined)}
        />
      </Notice>
    );
  }
  return (
    <Notice title="Welcome back" lead={`Sign in to ${home || 'your home'}.`}>
      <ProblemNote problem={problem === undefined ? undefined : providerProblem(problem)} />
      <PasswordForm onCode={setAsked} onDone={onDone} />
      <OtherWays onDone={onDone} />
    </Notice>
  );
}

function PasswordForm(props: {
  onCode: (challenge: Challenge) => void;
  onDone: () => Promise<void>;
}) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const logIn = useAction(async () => {
    const answer = await entry.logIn(email.trim(), password);
    if ('second_factor' in answer) props.onCode(answer.second_factor);
    else await props.onDone();
  });
  return (
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
  );
}
