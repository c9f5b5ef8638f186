import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useAction } from '../hooks.ts';
import { AddTabs } from '../parts/add-tabs.tsx';
import { BackHome } from '../parts/back-link.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { NewDeviceFiles, type NewDeviceKit } from '../parts/new-device-files.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RoomChoice } from '../parts/room-choice.tsx';
import { TypeChoice } from '../parts/type-choice.tsx';

/** Suggests an id from a name: `Kitchen plug` → `kitchen-plug`. */
const idFrom = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);

/** Adds a device and hands out, once, what it needs to connect. */
export function AddDevicePage() {
  const [kit, setKit] = useState<NewDeviceKit>();
  return (
    <>
      <PageHead title={kit ? `${kit.name} is ready` : 'Add a device'} above={<BackHome />} />
      {!kit && <AddTabs here="add" />}
      {kit ? <NewDeviceFiles kit={kit} /> : <AddDeviceForm onAdded={setKit} />}
    </>
  );
}

function AddDeviceForm({ onAdded }: { onAdded: (kit: NewDeviceKit) => void }) {
  const [name, setName] = useState('');
  const [ownId, setOwnId] = useState<string>();
  const [type, setType] = useState('plug');
  const [room, setRoom] = useState('');
  const id = ownId ?? idFrom(name);
  // Kept, so that a second try after a failed certificate does not add the device once more.
  const [made, setMade] = useState<Awaited<ReturnType<typeof api.addDevice>>>();
  const add = useAction(async () => {
    const added =
      made?.device.id === id
        ? made
        : await api.addDevice({ id, name: name.trim(), type, room: room || null });
    setMade(added);
    const certificate = await api.issueCertificate(id);
    onAdded({ ...certificate, id, name: added.device.name, apiKey: added.api_key });
  });
  return (
    <Form action={add} fields={['name', 'id']} submit="Add the device" busy="Adding…" isCard>
      <Field
        label="Name"
        name="name"
        value={name}
        onValue={setName}
        problem={add.problem}
        help="What you call it, such as “Kitchen plug”."
        input={{ maxLength: 100, autocomplete: 'off' }}
      />
      <Field
        label="Id"
        name="id"
        value={id}
        onValue={setOwnId}
        problem={add.problem}
        help="What the device calls itself. It cannot be changed later."
        input={{
          maxLength: 64,
          autocomplete: 'off',
          autocapitalize: 'off',
          spellcheck: false,
          pattern: '[A-Za-z0-9][A-Za-z0-9_.\\-]*',
        }}
      />
      <TypeChoice value={type} onValue={setType} />
      <RoomChoice value={room} onValue={setRoom} />
    </Form>
  );
}
