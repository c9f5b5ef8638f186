import { useState } from 'preact/hooks';
import { useLoad } from '../hooks.ts';
import { account } from '../people-api.ts';
import type { NewSecondFactor } from '../people-wire.ts';
import { AuthenticatorSetUp } from './authenticator-set-up.tsx';
import { PasswordAsk } from './password-ask.tsx';
import { ProblemNote } from './problem-note.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

type Stage =
  | { readonly at: 'rest' }
  | { readonly at: 'begin' | 'remove' | 'renew' }
  | { readonly at: 'scan'; readonly secret: NewSecondFactor }
  | { readonly at: 'codes'; readonly codes: readonly string[] };

/** A code from an app on the phone, asked for after the password. */
export function SecondFactorCard() {
  const [state, reload] = useLoad(account.secondFactor, '2fa');
  const [stage, setStage] = useState<Stage>({ at: 'rest' });
  const rest = () => setStage({ at: 'rest' });
  const begin = async (password: string) =>
    setStage({ at: 'scan', secret: await account.beginTotp(password) });
  const confirm = async (code: string) => {
    setStage({ at: 'codes', codes: await account.confirmTotp(code) });
    reload();
  };
  const renew = async (password: string) => {
    setStage({ at: 'codes', codes: await account.newRecoveryCodes(password) });
    reload();
  };
  const remove = async (password: string) => {
    await account.removeTotp(password);
    reload();
    rest();
  };
  return (
    <section class="card" aria-labelledby="second-factor">
      <h2 id="second-factor">Authenticator app</h2>
      {state.state === 'failed' && <ProblemNote problem={state.problem} />}
      {state.state === 'loaded' && stage.at === 'rest' && (
        <AtRest
          isOn={state.value.totp}
          codesLeft={state.value.recovery_codes_left}
          onStage={(at) => setStage({ at })}
        />
      )}
      {stage.at === 'begin' && (
        <PasswordAsk
          submit="Continue"
          why="So that nobody else sets one up at your open browser."
          onPassword={begin}
          onCancel={rest}
        />
      )}
      {stage.at === 'scan' && (
        <AuthenticatorSetUp secret={stage.secret} onCode={confirm} onCancel={rest} />
      )}
      {stage.at === 'codes' && <RecoveryCodes codes={stage.codes} onDone={rest} />}
      {stage.at === 'renew' && (
        <PasswordAsk
          submit="Make new codes"
          why="Those that you have now stop working."
          onPassword={renew}
          onCancel={rest}
        />
      )}
      {stage.at === 'remove' && (
        <PasswordAsk
          submit="Remove the app"
          why="Then your password alone is enough to sign in."
          onPassword={remove}
          onCancel={rest}
        />
      )}
    </section>
  );
}

function AtRest(props: {
  isOn: boolean;
  codesLeft: number;
  onStage: (at: 'begin' | 'remove' | 'renew') => void;
}) {
  const { isOn, codesLeft, onStage } = props;
  if (!isOn) {
    return (
      <>
        <p>
          With it, whoever knows your password still cannot sign in without your phone. Any app for
          such codes will do, and it needs no internet.
        </p>
        <div class="buttons">
          <button type="button" class="button button-main" onClick={() => onStage('begin')}>
            Set it up
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      <p>
        <strong>On.</strong> You are asked for a code after your password.{' '}
        {codesLeft === 1 ? '1 recovery code is' : `${codesLeft} recovery codes are`} left.
      </p>
      <div class="buttons">
        <button type="button" class="button" onClick={() => onStage('renew')}>
          New recovery codes
        </button>
        <button type="button" class="button button-quiet" onClick={() => onStage('remove')}>
          Remove
        </button>
      </div>
    </>
  );
}
