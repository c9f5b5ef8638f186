import { useState } from 'preact/hooks';
import type { Problem } from '../problem.ts';
import { Field } from './field.tsx';

/**
 * One's own password, in a form that asks for it only once the hub has: a sign-in of some minutes
 * ago is not enough for everything.
 */
export function PasswordAgain(props: {
  value: string;
  onValue: (password: string) => void;
  problem: Problem | undefined;
}) {
  const [asks, setAsks] = useState(false);
  if (props.problem?.field === 'password' && !asks) setAsks(true);
  if (!asks) return null;
  return (
    <Field
      label="Your password"
      name="password"
      {...props}
      input={{ type: 'password', autocomplete: 'current-password' }}
    />
  );
}
