import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { type Problem, sentence } from '../problem.ts';

/** What an input is told so that it belongs to its label, its help and its error. */
export interface FieldLinks {
  readonly id: string;
  readonly name: string;
  readonly 'aria-invalid': 'true' | undefined;
  readonly 'aria-describedby': string | undefined;
}

/** A label, an input, its help and its own error, tied together for screen readers. */
export function FieldFrame(props: {
  label: string;
  name: string;
  help?: string | undefined;
  /** The problem of the last try; shown here when it names this field. */
  problem?: Problem | undefined;
  isOptional?: boolean;
  children: (links: FieldLinks) => ComponentChildren;
}) {
  const id = useId();
  const atFault = props.problem?.field === props.name ? props.problem : undefined;
  const described = [props.help && `${id}-help`, atFault && `${id}-fault`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.isOptional && <span class="optional"> (optional)</span>}
      </label>
      {props.children({
        id,
        name: props.name,
        'aria-invalid': atFault ? 'true' : undefined,
        'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
      })}
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
