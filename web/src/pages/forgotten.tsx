import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { CodeBlock } from '../parts/code-block.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Notice } from '../parts/notice.tsx';
import { entry } from '../people-api.ts';

/** What to do without the password: who can help, and by mail where this home sends any. */
export function ForgottenPage({ hasMail }: { hasMail: boolean }) {
  return (
    <Notice
      title="Forgotten your password?"
      lead="Your account and your settings stay as they are."
    >
      <div class="help-steps">
        {hasMail && <MailForm />}
        <section aria-labelledby="by-owner">
          <h2 id="by-owner">Ask the owner of this home</h2>
          <p>
            On the page “People” they choose you and “New password”. That gives a link, which lets
            you set one.
          </p>
        </section>
        <section aria-labelledby="by-terminal">
          <h2 id="by-terminal">You are the owner?</h2>
          <p>In the terminal of the hub:</p>
          <CodeBlock label="the line that sets a password" text="bin/hearth user passwd EMAIL" />
        </section>
        <p>
          <a href="#/">Back to signing in</a>
        </p>
      </div>
    </Notice>
  );
}

function MailForm() {
  const [email, setEmail] = useState('');
  const [isSent, setIsSent] = useState(false);
  const send = useAction(async () => {
    await entry.forgotPassword(email.trim());
    setIsSent(true);
  });
  return (
    <section aria-labelledby="by-mail">
      <h2 id="by-mail">By mail</h2>
      <p role="status">
        {isSent && 'If somebody here has that address, a code is on its way. '}
        {isSent && <a href="#/reset">Enter the code</a>}
      </p>
      {!isSent && (
        <Form action={send} fields={['email']} submit="Send me a code" busy="Sending…">
          <Field
            label="E-mail"
            name="email"
            value={email}
            onValue={setEmail}
            problem={send.problem}
            input={{ type: 'email', autocomplete: 'username', autocapitalize: 'off' }}
          />
        </Form>
      )}
    </section>
  );
}
