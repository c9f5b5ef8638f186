import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { mayChangeDevices, useSession } from '../session.ts';
import { dayAndYear } from '../time.ts';
import type { Device } from '../wire.ts';
import { Facts } from './facts.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { RoomChoice } from './room-choice.tsx';
import { typeWords } from './type-choice.tsx';

/** What the hub knows of the device; an owner can rename it and move it to another room. */
export function DetailsCard({ device }: { device: Device }) {
  const { person } = useSession();
  const [editing, setEditing] = useState(false);
  return (
    <section class="card details" aria-labelledby="details">
      <h2 id="details">Details</h2>
      {editing ? (
        <EditForm device={device} onDone={() => setEditing(false)} />
      ) : (
        <>
          <DeviceFacts device={device} />
          {mayChangeDevices(person) && (
            <button type="button" class="button" onClick={() => setEditing(true)}>
              Rename or move
            </button>
          )}
        </>
      )}
    </section>
  );
}

function DeviceFacts({ device }: { device: Device }) {
  const { rooms } = useSession();
  const room = rooms.find(({ id }) => id === device.room)?.name;
  return (
    <Facts
      facts={[
        ['Kind', typeWords(device.type)],
        ['Room', room ?? 'None yet'],
        ['About', device.description],
        ['Firmware', device.firmware_version],
        ['Hardware', device.hardware_version],
        ['Id', device.id],
        ['Added', dayAndYear(Date.parse(device.created_at))],
      ]}
    />
  );
}

function EditForm({ device, onDone }: { device: Device; onDone: () => void }) {
  const [name, setName] = useState(device.name);
  const [room, setRoom] = useState(device.room ?? '');
  const save = useAction(async () => {
    await api.changeDevice(device.id, { name: name.trim(), room: room === '' ? null : room });
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
        input={{ maxLength: 100, autocomplete: 'off' }}
      />
      <RoomChoice value={room} onValue={setRoom} />
    </Form>
  );
}
