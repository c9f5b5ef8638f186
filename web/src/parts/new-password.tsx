import type { Problem } from '../problem.ts';
import { Field } from './field.tsx';

/** A password that somebody chooses. The hub has the last word on whether it is good. */
export const NewPassword = (props: {
  label?: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  problem: Problem | undefined;
}) => (
  <Field
    label={props.label ?? 'Password'}
    name={props.name}
    value={props.value}
    onValue={props.onValue}
    problem={props.problem}
    help="At least 10 characters. A few plain words in a row are easy to remember and hard to guess."
    input={{ type: 'password', autocomplete: 'new-password', minLength: 10, maxLength: 128 }}
  />
);
