import { useLoad, useObservable } from '../hooks.ts';
import { CodeBlock } from '../parts/code-block.tsx';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { SecurityTabs } from '../parts/security-tabs.tsx';
import { Warning } from '../parts/warning.tsx';
import { useSession } from '../session.ts';
import { dayAndYear } from '../time.ts';
import { trust } from '../trust-api.ts';
import type { Authority } from '../trust-wire.ts';

/** The authority of this home, which all its certificates come from. */
export function CertificatesPage() {
  const [authority] = useLoad(trust.authority, 'authority');
  return (
    <>
      <PageHead title="Security" />
      <SecurityTabs here="certificates" />
      <div class="page-column">
        {authority.state === 'loading' && <p class="quiet">Asking the hub…</p>}
        {authority.state === 'failed' && <ProblemNote problem={authority.problem} />}
        {authority.state === 'loaded' && (
          <>
            <AuthorityCard authority={authority.value} />
            <RotationCard authority={authority.value} />
          </>
        )}
      </div>
    </>
  );
}

function AuthorityCard({ authority }: { authority: Authority }) {
  return (
    <section class="card" aria-labelledby="authority">
      <h2 id="authority">The authority of this home</h2>
      <p>
        It signs the certificates of the hub and of every device. It is made here and trusted
        nowhere else, unless you install it: see <a href="/trust">Trust this hub</a>.
      </p>
      <Facts
        facts={[
          ['Name', authority.name],
          ['Good until', dayAndYear(Date.parse(authority.not_after))],
          ['Fingerprint', <Fingerprint key="f" of={authority.fingerprint} />],
        ]}
      />
    </section>
  );
}

/** In pairs, as certificates are shown elsewhere, so that they can be compared by eye. */
const Fingerprint = ({ of: text }: { of: string }) => (
  <code>{(text.replace(/[^0-9a-f]/gi, '').match(/../g) ?? [text]).join(' ').toUpperCase()}</code>
);

function RotationCard({ authority: { previous } }: { authority: Authority }) {
  return (
    <section class="card" aria-labelledby="rotation">
      <h2 id="rotation">A new authority</h2>
      {previous ? (
        <>
          <Warning>
            Two authorities are trusted now: this one, and the one before, good until{' '}
            {dayAndYear(Date.parse(previous.not_after))}.
          </Warning>
          <LeftBehind ids={previous.devices} />
          <p>Once none is left, end the trust in the old one in the terminal of the hub:</p>
          <CodeBlock label="the line that ends the old one" text="bin/hearth ca rotate --finish" />
        </>
      ) : (
        <>
          <p>
            When its key may have come into other hands, replace it. Old and new are both trusted
            until every device has a new certificate. As it touches every device, this is done in
            the terminal of the hub and not here:
          </p>
          <CodeBlock label="the line that makes a new authority" text="bin/hearth ca rotate" />
        </>
      )}
    </section>
  );
}

function LeftBehind({ ids }: { ids: readonly string[] }) {
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  if (ids.length === 0) return <p>Every device has a certificate of the new one.</p>;
  return (
    <>
      <p>Without a certificate of the new one so far:</p>
      <ul class="plain-list">
        {ids.map((id) => (
          <li key={id}>{devices.get(id)?.name ?? id}</li>
        ))}
      </ul>
    </>
  );
}
