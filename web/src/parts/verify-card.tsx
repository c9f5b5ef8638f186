import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { sentence } from '../problem.ts';
import { clockTime } from '../time.ts';
import { trust } from '../trust-api.ts';
import type { Verdict } from '../trust-wire.ts';
import { ProblemNote } from './problem-note.tsx';

/** Has the hub go through its log, whose rows vouch for one another. */
export function VerifyCard({ nowMs }: { nowMs: number }) {
  const [verdict, setVerdict] = useState<{ readonly of: Verdict; readonly atMs: number }>();
  const verify = useAction(async () => {
    setVerdict(undefined);
    setVerdict({ of: await trust.verifyAudit(), atMs: nowMs });
  });
  return (
    <section class="card" aria-labelledby="verify">
      <h2 id="verify">Is the log whole?</h2>
      <p>
        Every row is sealed together with the one before it, so that none can be changed or taken
        out unseen.
      </p>
      <div role="status">{verdict && <Said verdict={verdict.of} atMs={verdict.atMs} />}</div>
      <div class="buttons">
        <button
          type="button"
          class="button"
          disabled={verify.busy}
          onClick={() => void verify.run()}
        >
          {verify.busy ? 'Checking…' : 'Check that nothing was altered'}
        </button>
      </div>
      <ProblemNote problem={verify.problem} />
    </section>
  );
}

function Said({ verdict, atMs }: { verdict: Verdict; atMs: number }) {
  if (!verdict.ok) {
    return (
      <div class="note note-problem">
        {verdict.problems.map(({ message }) => (
          <p key={message}>
            <strong>{sentence(message)}</strong>
          </p>
        ))}
      </div>
    );
  }
  const rows = verdict.rows === 1 ? '1 row is' : `${verdict.rows.toLocaleString('en-GB')} rows are`;
  return (
    <p class="note note-good">
      {rows} as they were written, none is missing. Checked at {clockTime(atMs)}.
    </p>
  );
}
