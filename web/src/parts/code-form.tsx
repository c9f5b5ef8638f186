import { useEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { entry } from '../people-api.ts';
import { Field } from './field.tsx';
import { Form } from './form.tsx';

/** Asks for the code of the authenticator app, or for a recovery code where the phone is lost. */
export function CodeForm(props: {
  challenge: string;
  onDone: () => Promise<void>;
  onRestart: () => void;
}) {
  const [code, setCode] = useState('');
  const [hasApp, setHasApp] = useState(true);
  const verify = useAction(async () => {
    await entry.verifyCode(props.challenge, code.trim());
    await props.onDone();
  });
  const frame = useRef<HTMLDivElement>(null);
  // Whoever is led from step to step starts at its field; `hasApp` is which one that is.
  useEffect(() => frame.current?.querySelector('input')?.focus(), [hasApp]);
  const change = () => {
    setCode('');
    setHasApp(!hasApp);
  };
  return (
    <div class="steps" ref={frame}>
      <Form
        action={verify}
        fields={['code']}
        submit="Continue"
        busy="Checking…"
        onCancel={props.onRestart}
      >
        {hasApp ? (
          <Field
            key="app"
            label="Code"
            name="code"
            value={code}
            onValue={setCode}
            problem={verify.problem}
            help="The six digits that your authenticator app shows now."
            input={{
              autocomplete: 'one-time-code',
              inputMode: 'numeric',
              pattern: '[0-9 ]*',
              maxLength: 7,
              class: 'code-input',
            }}
          />
        ) : (
          <Field
            key="recovery"
            label="Recovery code"
            name="code"
            value={code}
            onValue={setCode}
            problem={verify.problem}
            help="One of the ten that you kept when you set the app up. Each works once."
            input={{
              autocomplete: 'off',
              autocapitalize: 'off',
              spellcheck: false,
              maxLength: 32,
              class: 'code-input',
            }}
          />
        )}
      </Form>
      <button type="button" class="link" onClick={change}>
        {hasApp ? 'Phone not at hand? Use a recovery code' : 'Use the authenticator app'}
      </button>
    </div>
  );
}
