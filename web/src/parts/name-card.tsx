import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { account } from '../people-api.ts';
import { roleWords } from '../roles.ts';
import { useSession } from '../session.ts';
import { Facts } from './facts.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';

/** Who one is here. The name can be changed; address and role are for others to change. */
export function NameCard() {
  const { person } = useSession();
  const [editing, setEditing] = useState(false);
  return (
    <section class="card" aria-labelledby="me">
      <h2 id="me">You</h2>
      {editing ? (
        <NameForm onDone={() => setEditing(false)} />
      ) : (
        <>
          <Facts
            facts={[
              ['Name', person.name],
              ['E-mail', person.email],
              ['Role', roleWords(person.role)],
            ]}
          />
          <div class="buttons">
            <button type="button" class="button" onClick={() => setEditing(true)}>
              Change the name
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function NameForm({ onDone }: { onDone: () => void }) {
  const { person, reloadPerson } = useSession();
  const [name, setName] = useState(person.name);
  const save = useAction(async () => {
    await account.rename(name.trim());
    await reloadPerson();
    onDone();
  });
  return (
    <Form action={save} fields={['name']} submit="Save" busy="Saving…" onCancel={onDone}>
      <Field
        label="Name"
        name="name"
        value={name}
        onValue={setName}
        problem={save.problem}
        input={{ maxLength: 100, autocomplete: 'name' }}
      />
    </Form>
  );
}
