import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { asksForPassword } from '../problem.ts';
import { PasswordAsk } from './password-ask.tsx';
import { ProblemNote } from './problem-note.tsx';

/** A button for what the hub may ask one's own password for; then it asks, and goes on. */
export function Guarded(props: {
  words: string;
  /** What the button of the password says; left out, the same. */
  submit?: string;
  why: string;
  /** @param password empty until the hub has asked for it. */
  onGo: (password: string) => Promise<void>;
}) {
  const { words, submit = words, why, onGo } = props;
  const [asks, setAsks] = useState(false);
  const go = useAction(async () => {
    try {
      await onGo('');
    } catch (thrown) {
      if (!asksForPassword(thrown)) throw thrown;
      setAsks(true);
    }
  });
  if (asks) {
    return (
      <PasswordAsk submit={submit} why={why} onPassword={onGo} onCancel={() => setAsks(false)} />
    );
  }
  return (
    <>
      <div class="buttons">
        <button type="button" class="button" disabled={go.busy} onClick={() => void go.run()}>
          {words}
        </button>
      </div>
      <ProblemNote problem={go.problem} />
    </>
  );
}
