import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { people } from '../people-api.ts';
import type { HouseholdPerson, PersonRole } from '../people-wire.ts';
import { roleMeaning, roleWords } from '../roles.ts';
import { linkTo } from '../route.ts';
import { Form } from './form.tsx';
import { Guarded } from './guarded.tsx';
import { PasswordAgain } from './password-again.tsx';
import { Removable } from './removable.tsx';
import { RoleChoice } from './role-choice.tsx';

/** What somebody may do here, and whether they may come in at all. */
export function PersonAccess(props: { person: HouseholdPerson; onChange: () => void }) {
  const { person, onChange } = props;
  const isOut = person.state === 'disabled';
  return (
    <section class="card" aria-labelledby="access">
      <h2 id="access">What they may do</h2>
      <Role key={person.role} {...props} />
      <h3>Coming in</h3>
      {isOut ? (
        <>
          <p>{person.name} cannot sign in.</p>
          <Guarded
            words="Let in again"
            why="So that nobody else lets them in at your open browser."
            onGo={async (password) => {
              await people.change(person.id, { disabled: false }, password);
              onChange();
            }}
          />
        </>
      ) : (
        <Removable
          verb="Shut out"
          name={person.name}
          question={`Shut ${person.name} out? They are signed out everywhere at once. You can let them in again.`}
          yes="Yes, shut out"
          no="Leave it"
          onRemove={async () => {
            await people.change(person.id, { disabled: true });
            onChange();
          }}
        />
      )}
      <Removable
        verb="Remove from this home"
        name={person.name}
        question={`Remove ${person.name} for good, with all that is shared with them?`}
        yes="Yes, remove"
        onRemove={async () => {
          await people.remove(person.id);
          location.hash = linkTo({ page: 'people' });
        }}
      />
    </section>
  );
}

function Role(props: { person: HouseholdPerson; onChange: () => void }) {
  const { role } = props.person;
  const [editing, setEditing] = useState(false);
  if (editing) return <RoleForm {...props} onCancel={() => setEditing(false)} />;
  return (
    <>
      <p>
        <strong>{roleWords(role)}.</strong> {roleMeaning[role]}
      </p>
      <div class="buttons">
        <button type="button" class="button" onClick={() => setEditing(true)}>
          Change the role
        </button>
      </div>
    </>
  );
}

function RoleForm(props: { person: HouseholdPerson; onChange: () => void; onCancel: () => void }) {
  const { person, onChange } = props;
  const [role, setRole] = useState<PersonRole>(person.role);
  const [password, setPassword] = useState('');
  const save = useAction(async () => {
    await people.change(person.id, { role }, password);
    onChange();
  });
  return (
    <Form
      action={save}
      fields={['role', 'password']}
      submit="Save"
      busy="Saving…"
      onCancel={props.onCancel}
    >
      <p class="quiet">They are signed out everywhere, and sign in again with the new role.</p>
      <RoleChoice value={role} onValue={setRole} problem={save.problem} />
      <PasswordAgain value={password} onValue={setPassword} problem={save.problem} />
    </Form>
  );
}
