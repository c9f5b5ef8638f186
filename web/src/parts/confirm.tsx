import { useEffect, useRef } from 'preact/hooks';
import type { Action } from '../hooks.ts';
import { ProblemNote } from './problem-note.tsx';

/** Asks once more before something that cannot be taken back; the focus is on leaving it be. */
export function Confirm(props: {
  question: string;
  yes: string;
  no?: string;
  action: Action<[]>;
  onNo: () => void;
}) {
  const { action } = props;
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <>
      <p>{props.question}</p>
      <div class="buttons">
        <button
          type="button"
          class="button button-main"
          disabled={action.busy}
          onClick={() => void action.run()}
        >
          {props.yes}
        </button>
        <button ref={keep} type="button" class="button" onClick={props.onNo}>
          {props.no ?? 'Keep it'}
        </button>
      </div>
      <ProblemNote problem={action.problem} />
    </>
  );
}
