import type { InputHTMLAttributes } from 'preact';
import type { Problem } from '../problem.ts';
import { FieldFrame } from './field-frame.tsx';

/** A labelled input. */
export function Field(props: {
  label: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  help?: string;
  /** The problem of the last try; shown here when it names this field. */
  problem?: Problem | undefined;
  required?: boolean;
  /** Whatever else the input is told: its type, autocomplete, bounds. */
  input?: InputHTMLAttributes<HTMLInputElement>;
}) {
  const { label, name, help, problem, required = true } = props;
  return (
    <FieldFrame label={label} name={name} help={help} problem={problem} isOptional={!required}>
      {(links) => (
        <input
          {...props.input}
          {...links}
          required={required}
          value={props.value}
          onInput={(event) => props.onValue(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}
