import { useState } from 'preact/hooks';
import { type Loaded, useAction, useLoad } from '../hooks.ts';
import { makePasskey } from '../passkeys.ts';
import { account, entry } from '../people-api.ts';
import type { Passkey } from '../people-wire.ts';
import { sentence } from '../problem.ts';
import { dayAndYear } from '../time.ts';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { whyNotHere } from './other-ways.tsx';
import { PasswordAgain } from './password-again.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';

/** Signing in with a finger, a face or a key in place of the password. */
export function PasskeysCard() {
  const [passkeys, reload] = useLoad(account.passkeys, 'passkeys');
  const [available] = useLoad(entry.passkeysAvailable, 'available');
  const [adding, setAdding] = useState(false);
  const reason = reasonAgainst(available);
  return (
    <section class="card" aria-labelledby="passkeys">
      <h2 id="passkeys">Passkeys</h2>
      <p>Sign in with a finger, a face or a security key, without a password and without a code.</p>
      {passkeys.state === 'failed' && <ProblemNote problem={passkeys.problem} />}
      {passkeys.state === 'loaded' && passkeys.value.length > 0 && (
        <ul class="rows">
          {passkeys.value.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onChange={reload} />
          ))}
        </ul>
      )}
      {reason !== undefined && (
        <p class="quiet">No passkey can be added on this page: {sentence(reason)}</p>
      )}
      {available.state === 'loaded' && reason === undefined && !adding && (
        <div class="buttons">
          <button type="button" class="button" onClick={() => setAdding(true)}>
            Add a passkey
          </button>
        </div>
      )}
      {adding && (
        <AddForm
          onDone={() => {
            setAdding(false);
            reload();
          }}
          onCancel={() => setAdding(false)}
        />
      )}
    </section>
  );
}

function reasonAgainst(
  available: Loaded<{ available: boolean; reason: string | null }>,
): string | undefined {
  if (available.state !== 'loaded') return undefined;
  const { value } = available;
  return value.available ? whyNotHere() : (value.reason ?? 'they do not work here');
}

function PasskeyRow({ passkey, onChange }: { passkey: Passkey; onChange: () => void }) {
  const [renaming, setRenaming] = useState(false);
  const [name, setName] = useState(passkey.name);
  const rename = useAction(async () => {
    await account.renamePasskey(passkey.id, name.trim());
    setRenaming(false);
    onChange();
  });
  const used = passkey.last_used_at;
  return (
    <li class="row">
      <p>
        <strong>{passkey.name}</strong>
      </p>
      <p class="quiet">
        Made {dayAndYear(Date.parse(passkey.created_at))}
        {used ? `, used last ${dayAndYear(Date.parse(used))}` : ', not used yet'}.
        {!passkey.usable_here && ` It works on ${passkey.rp_id}, not under this address.`}
      </p>
      {renaming ? (
        <Form action={rename} fields={['name']} submit="Save" onCancel={() => setRenaming(false)}>
          <PasskeyName value={name} onValue={setName} problem={rename.problem} />
        </Form>
      ) : (
        <Removable
          verb="Remove"
          name={passkey.name}
          question="Remove it? Delete it on your phone or key, too: it would be offered there still."
          yes="Yes, remove it"
          onRemove={async () => {
            await account.removePasskey(passkey.id);
            onChange();
          }}
        >
          <button
            type="button"
            class="button"
            aria-label={`Rename ${passkey.name}`}
            onClick={() => setRenaming(true)}
          >
            Rename
          </button>
        </Removable>
      )}
    </li>
  );
}

function AddForm({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const add = useAction(async () => {
    const { options } = await account.beginPasskey(password);
    await makePasskey(name.trim(), options);
    onDone();
  });
  return (
    <Form
      action={add}
      fields={['name', 'password']}
      submit="Continue"
      busy="Waiting for your device…"
      onCancel={onCancel}
    >
      <PasskeyName value={name} onValue={setName} problem={add.problem} />
      <PasswordAgain value={password} onValue={setPassword} problem={add.problem} />
    </Form>
  );
}

const PasskeyName = (props: {
  value: string;
  onValue: (name: string) => void;
  problem: Parameters<typeof Field>[0]['problem'];
}) => (
  <Field
    label="Name of the passkey"
    name="name"
    {...props}
    help="So that you know it again, such as “Phone”."
    input={{ maxLength: 60, autocomplete: 'off' }}
  />
);
