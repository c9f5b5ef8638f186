import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import type { NewSecondFactor } from '../people-wire.ts';
import { CodeBlock } from './code-block.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { QrCode } from './qr-code.tsx';

/** The secret of an app, to be scanned or typed, and the code that shows that it has arrived. */
export function AuthenticatorSetUp(props: {
  secret: NewSecondFactor;
  onCode: (code: string) => Promise<void>;
  onCancel: () => void;
}) {
  const { secret } = props;
  const [code, setCode] = useState('');
  const spelled = secret.secret.match(/.{1,4}/g)?.join(' ') ?? '';
  const confirm = useAction(() => props.onCode(code.trim()));
  return (
    <div class="set-up-steps">
      <h3>1. Scan this with the app</h3>
      <QrCode text={secret.uri} label="QR code of the secret for the app" />
      <p>
        No camera? Type this into the app, or <a href={secret.uri}>open it on this device</a>.
      </p>
      <CodeBlock text={spelled} label="the secret" />
      <h3>2. Enter the code that it shows</h3>
      <Form
        action={confirm}
        fields={['code']}
        submit="Turn it on"
        busy="Checking…"
        onCancel={props.onCancel}
      >
        <Field
          label="Code"
          name="code"
          value={code}
          onValue={setCode}
          problem={confirm.problem}
          input={{
            autocomplete: 'one-time-code',
            inputMode: 'numeric',
            pattern: '[0-9 ]*',
            maxLength: 7,
            class: 'code-input',
          }}
        />
      </Form>
    </div>
  );
}
