import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { Confirm } from './confirm.tsx';

/** The buttons of a row, the last of which removes it, after asking once more. */
export function Removable(props: {
  /** What the button says: `Remove`. */
  verb: string;
  /** What is removed, for those who hear the button without its row. */
  name: string;
  question: string;
  yes: string;
  no?: string;
  onRemove: () => Promise<void>;
  /** Other buttons, before it. */
  children?: ComponentChildren;
}) {
  const { verb, name } = props;
  const [asking, setAsking] = useState(false);
  const remove = useAction(async () => {
    await props.onRemove();
    setAsking(false);
  });
  if (asking) {
    return (
      <Confirm
        question={props.question}
        yes={props.yes}
        {...(props.no !== undefined && { no: props.no })}
        action={remove}
        onNo={() => setAsking(false)}
      />
    );
  }
  return (
    <div class="buttons">
      {props.children}
      <button
        type="button"
        class={props.children ? 'button button-quiet' : 'button'}
        aria-label={`${verb} ${name}`}
        onClick={() => setAsking(true)}
      >
        {verb}
      </button>
    </div>
  );
}
