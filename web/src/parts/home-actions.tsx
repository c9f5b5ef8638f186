import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { Field } from './field.tsx';
import { Form } from './form.tsx';

/** What the owner can add: a device on its own page, a room right here. */
export function HomeActions() {
  const { reloadRooms } = useSession();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [added, setAdded] = useState('');
  const add = useAction(async () => {
    const room = await api.addRoom(name.trim());
    setAdded(room.name);
    setName('');
    setOpen(false);
    reloadRooms();
  });
  return (
    <section class="home-actions" aria-label="Add to this home">
      <p role="status">
        {added &&
          `“${added}” was added. Choose it on the page of a device to put the device there.`}
      </p>
      {open ? (
        <Form
          action={add}
          fields={['name']}
          submit="Add the room"
          onCancel={() => setOpen(false)}
          isCard
        >
          <Field
            label="Name of the room"
            name="name"
            value={name}
            onValue={setName}
            problem={add.problem}
            input={{ maxLength: 100, autocomplete: 'off' }}
          />
        </Form>
      ) : (
        <div class="buttons">
          <a class="button" href={linkTo({ page: 'add' })}>
            Add a device
          </a>
          <button type="button" class="button" onClick={() => setOpen(true)}>
            Add a room
          </button>
        </div>
      )}
    </section>
  );
}
