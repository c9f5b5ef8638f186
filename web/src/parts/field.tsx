import type { InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';
import { type Problem, sentence } from '../problem.ts';

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly help?: string;
  /** The problem of the last try; shown here when it names this field. */
  readonly problem?: Problem | undefined;
  readonly required?: boolean;
  /** Whatever else the input is told: its type, autocomplete, bounds. */
  readonly input?: InputHTMLAttributes<HTMLInputElement>;
}

/** A labelled input with its help and its own error tied to it for screen readers. */
export function Field(props: FieldProps) {
  const id = useId();
  const atFault = props.problem?.field === props.name ? props.problem : undefined;
  const described = [props.help && `${id}-help`, atFault && `${id}-fault`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.required === false && <span class="optional"> (optional)</span>}
      </label>
      <input
        {...props.input}
        id={id}
        name={props.name}
        required={props.required !== false}
        value={props.value}
        aria-invalid={atFault ? 'true' : undefined}
        aria-describedby={described.length > 0 ? described.join(' ') : undefined}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      {props.help && (
        <p class="help" id={`${id}-help`}>
          {props.help}
        </p>
      )}
      {atFault && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {sentence(atFault.message)} {sentence(atFault.hint ?? '')}
        </p>
      )}
    </div>
  );
}
