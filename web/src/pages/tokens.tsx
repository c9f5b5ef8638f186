import { useState } from 'preact/hooks';
import { useLoad, useNow, useObservable } from '../hooks.ts';
import { CodeBlock } from '../parts/code-block.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Removable } from '../parts/removable.tsx';
import { SecurityTabs } from '../parts/security-tabs.tsx';
import { TokenForm } from '../parts/token-form.tsx';
import { Warning } from '../parts/warning.tsx';
import { useSession } from '../session.ts';
import { dayAndTime, dayAndYear, timeAgo } from '../time.ts';
import { rightsWords } from '../token-rights.ts';
import { trust } from '../trust-api.ts';
import type { Token } from '../trust-wire.ts';

/** Tokens that programs come in with: what there are, a new one, and an end to one. */
export function TokensPage() {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const [tokens, reload] = useLoad(trust.tokens, 'tokens');
  const [made, setMade] = useState<Token & { token: string }>();
  const [adding, setAdding] = useState(false);
  const good = tokens.state === 'loaded' ? tokens.value.filter((one) => isGood(one, nowMs)) : [];
  return (
    <>
      <PageHead title="Security" />
      <SecurityTabs here="tokens" />
      <div class="page-column">
        {made && (
          <section class="card" aria-labelledby="made">
            <h2 id="made">The token for {made.name}</h2>
            <Warning>It is shown only now. Whoever holds it may do what it may.</Warning>
            <CodeBlock text={made.token} label="the token" />
            <p class="quiet">A program sends it as “Authorization: Bearer”.</p>
          </section>
        )}
        {adding ? (
          <TokenForm
            onMade={(token) => {
              setMade(token);
              setAdding(false);
              reload();
            }}
            onCancel={() => setAdding(false)}
          />
        ) : (
          <section class="card" aria-labelledby="tokens">
            <h2 id="tokens">Tokens for programs</h2>
            <p>
              A program that works with this home comes in with a token of its own, never with your
              password.
            </p>
            {tokens.state === 'failed' && <ProblemNote problem={tokens.problem} />}
            {tokens.state === 'loaded' && good.length === 0 && <p class="quiet">None yet.</p>}
            {good.length > 0 && (
              <ul class="rows">
                {good.map((token) => (
                  <TokenRow key={token.id} token={token} nowMs={nowMs} onChange={reload} />
                ))}
              </ul>
            )}
            <div class="buttons">
              <button type="button" class="button button-main" onClick={() => setAdding(true)}>
                Make a token
              </button>
            </div>
          </section>
        )}
      </div>
    </>
  );
}

const isGood = ({ revoked_at: revoked, expires_at: end }: Token, nowMs: number): boolean =>
  revoked === null && (end === null || Date.parse(end) > nowMs);

function TokenRow(props: { token: Token; nowMs: number; onChange: () => void }) {
  const { token, nowMs } = props;
  const { last_used_at: used, expires_at: end } = token;
  return (
    <li class="row">
      <p>
        <strong>{token.name}</strong>
      </p>
      <p>{rightsWords(token)}</p>
      <p class="quiet">
        {used === null ? 'Not used yet' : `Used ${timeAgo(Date.parse(used), nowMs)}`}
        {end === null
          ? ', good until you revoke it'
          : `, good until ${dayAndTime(Date.parse(end), nowMs)}`}
        , made {dayAndYear(Date.parse(token.created_at))}
      </p>
      <Removable
        verb="Revoke"
        name={token.name}
        question="Revoke it? The program is out at once, for good."
        yes="Yes, revoke it"
        onRemove={async () => {
          await trust.revokeToken(token.id);
          props.onChange();
        }}
      />
    </li>
  );
}
