import type { ComponentChildren } from 'preact';
import type { Action } from '../hooks.ts';
import { ProblemNote } from './problem-note.tsx';

/**
 * The shape that every form of the dashboard has: what went wrong, the fields, and the buttons. What
 * names one of `fields` is left to that field.
 */
export function Form(props: {
  action: Action<[]>;
  fields: readonly string[];
  submit: string;
  /** What the button says while it is at work. */
  busy?: string;
  onCancel?: () => void;
  isCard?: boolean;
  children: ComponentChildren;
}) {
  const { action, submit, busy = submit } = props;
  return (
    <form
      class={props.isCard ? 'card form' : 'form'}
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <ProblemNote problem={action.problem} fields={props.fields} />
      {props.children}
      <div class="buttons">
        <button type="submit" class="button button-main" disabled={action.busy}>
          {action.busy ? busy : submit}
        </button>
        {props.onCancel && (
          <button type="button" class="button" onClick={props.onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}
