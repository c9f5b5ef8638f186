import { useAction, useLoad } from '../hooks.ts';
import { browserHasPasskeys, signInWithPasskey } from '../passkeys.ts';
import { entry } from '../people-api.ts';
import { sentence } from '../problem.ts';
import { ProblemNote } from './problem-note.tsx';

/** Other ways in than a password, as far as there are any here, and what to do without one. */
export function OtherWays({ onDone }: { onDone: () => Promise<void> }) {
  const [provider] = useLoad(entry.provider, 'provider');
  const name = provider.state === 'loaded' ? provider.value.provider?.name : undefined;
  return (
    <div class="other-ways">
      {name !== undefined && (
        <a class="button" href="/api/v1/auth/oidc/login">
          Continue with {name}
        </a>
      )}
      <PasskeyWay onDone={onDone} />
      <p>
        <a href="#/forgotten">Forgotten your password?</a>
      </p>
    </div>
  );
}

function PasskeyWay({ onDone }: { onDone: () => Promise<void> }) {
  const [available] = useLoad(entry.passkeysAvailable, 'passkeys');
  const use = useAction(async () => {
    await signInWithPasskey();
    await onDone();
  });
  if (available.state !== 'loaded') return null;
  const reason = available.value.available ? whyNotHere() : available.value.reason;
  if (reason !== undefined && reason !== null) {
    return <p class="quiet small">No passkeys here: {sentence(reason)}</p>;
  }
  return (
    <>
      <button type="button" class="button" disabled={use.busy} onClick={() => void use.run()}>
        {use.busy ? 'Waiting for your device…' : 'Use a passkey'}
      </button>
      <ProblemNote problem={use.problem} />
    </>
  );
}

export const whyNotHere = (): string | undefined =>
  browserHasPasskeys()
    ? undefined
    : 'this browser makes none on this page. Codes from an authenticator app work everywhere';
