import { useState } from 'preact/hooks';
import { joinLink } from '../entry.ts';
import { useAction, useNow, useObservable } from '../hooks.ts';
import { BackLink } from '../parts/back-link.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { OneTimeLink } from '../parts/one-time-link.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PasswordAgain } from '../parts/password-again.tsx';
import { RoleChoice } from '../parts/role-choice.tsx';
import { Segments } from '../parts/segments.tsx';
import { people } from '../people-api.ts';
import type { OneTimeCode, PersonRole } from '../people-wire.ts';
import { useSession } from '../session.ts';

/** Makes an invitation, and shows its link once. */
export function InvitePage() {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const [made, setMade] = useState<OneTimeCode>();
  return (
    <>
      <PageHead
        title={made ? 'Send this invitation' : 'Invite somebody'}
        above={<BackLink to={{ page: 'people' }} words="People" />}
      />
      {made ? (
        <section class="card form" aria-label="The invitation">
          <p>
            Whoever opens the link chooses a name and a password, and is in. Send it to them, or let
            them scan it.
          </p>
          <OneTimeLink
            url={made.url ?? joinLink(location, made.code)}
            what="the invitation"
            expiresAt={made.expires_at}
            nowMs={nowMs}
          />
          <div class="buttons">
            <button type="button" class="button" onClick={() => setMade(undefined)}>
              Invite somebody else
            </button>
          </div>
        </section>
      ) : (
        <InviteForm onMade={setMade} />
      )}
    </>
  );
}

const lengths = [
  ['1d', 'A day'],
  ['7d', 'A week'],
  ['30d', '30 days'],
] as const;

function InviteForm({ onMade }: { onMade: (made: OneTimeCode) => void }) {
  const [role, setRole] = useState<PersonRole>('member');
  const [email, setEmail] = useState('');
  const [length, setLength] = useState<(typeof lengths)[number][0]>('7d');
  const [password, setPassword] = useState('');
  const invite = useAction(async () => {
    const to = email.trim();
    const invitation = { role, expires_in: length, ...(to !== '' && { email: to }) };
    onMade(await people.invite(invitation, password));
  });
  return (
    <Form
      action={invite}
      fields={['role', 'email', 'password']}
      submit="Make the invitation"
      busy="Making it…"
      isCard
    >
      <RoleChoice value={role} onValue={setRole} problem={invite.problem} />
      <Field
        label="E-mail"
        name="email"
        value={email}
        onValue={setEmail}
        problem={invite.problem}
        required={false}
        help="Then it is good for this address alone. The hub sends nothing: you hand it over."
        input={{ type: 'email', autocomplete: 'off', autocapitalize: 'off', spellcheck: false }}
      />
      <Segments
        legend="Good for"
        isLegendShown
        choices={lengths}
        value={length}
        onValue={setLength}
      />
      <PasswordAgain value={password} onValue={setPassword} problem={invite.problem} />
    </Form>
  );
}
