import { useLoad } from '../hooks.ts';
import { NameCard } from '../parts/name-card.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PasskeysCard } from '../parts/passkeys-card.tsx';
import { PasswordCard } from '../parts/password-card.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { ProviderCard } from '../parts/provider-card.tsx';
import { SecondFactorCard } from '../parts/second-factor-card.tsx';
import { SessionsCard } from '../parts/sessions-card.tsx';
import { entry } from '../people-api.ts';
import { providerProblem } from '../provider-problem.ts';

/** One's own account: who one is here, how one signs in, and where one is signed in. */
export function AccountPage({ problem }: { problem: string | undefined }) {
  const [provider, reload] = useLoad(entry.provider, 'provider');
  return (
    <>
      <PageHead title="My account" />
      <ProblemNote problem={problem === undefined ? undefined : providerProblem(problem)} />
      <div class="card-columns">
        <div class="card-column">
          <NameCard />
          <PasswordCard />
          <SecondFactorCard />
        </div>
        <div class="card-column">
          <PasskeysCard />
          {provider.state === 'loaded' && provider.value.provider && (
            <ProviderCard
              name={provider.value.provider.name}
              link={provider.value.link}
              onChange={reload}
            />
          )}
          <SessionsCard />
        </div>
      </div>
    </>
  );
}
