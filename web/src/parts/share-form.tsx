import { useState } from 'preact/hooks';
import { useAction, useObservable } from '../hooks.ts';
import { people } from '../people-api.ts';
import type { ShareAccess } from '../people-wire.ts';
import { useSession } from '../session.ts';
import { targetOf } from '../share-words.ts';
import { Choice, type Choices } from './choice.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { Segments } from './segments.tsx';

const accesses = [
  ['read', 'Look'],
  ['control', 'Look and control'],
] as const;
const ends = [
  ['never', 'Until I end it'],
  ['at', 'Until a day'],
] as const;

const byName = (all: Iterable<{ id: string; name: string }>, kind: string): Choices =>
  [...all]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ id, name }) => [`${kind}:${id}`, name]);

/** Gives a guest a device, or all that stands in a room. */
export function ShareForm(props: { personId: string; onDone: () => void; onCancel: () => void }) {
  const { live, rooms } = useSession();
  const { devices } = useObservable(live.state);
  const [target, setTarget] = useState('');
  const [access, setAccess] = useState<ShareAccess>('read');
  const [end, setEnd] = useState<'never' | 'at'>('never');
  const [until, setUntil] = useState('');
  const share = useAction(async () => {
    await people.share({
      person_id: props.personId,
      ...targetOf(target),
      access,
      ...(end === 'at' && { until: new Date(until).toISOString() }),
    });
    props.onDone();
  });
  return (
    <Form
      action={share}
      fields={['device_id', 'until']}
      submit="Share it"
      busy="Sharing…"
      onCancel={props.onCancel}
    >
      <Choice
        label="What"
        name="device_id"
        value={target}
        onValue={setTarget}
        isRequired
        problem={share.problem}
        help="A room is everything in it, also what is put there later."
        choices={target === '' ? [['', 'Choose a device or a room']] : []}
        groups={[
          { label: 'Rooms', choices: byName(rooms, 'room') },
          { label: 'Devices', choices: byName(devices.values(), 'device') },
        ]}
      />
      <Segments
        legend="They may"
        isLegendShown
        choices={accesses}
        value={access}
        onValue={setAccess}
      />
      <Segments legend="For how long" isLegendShown choices={ends} value={end} onValue={setEnd} />
      {end === 'at' && (
        <Field
          label="Until"
          name="until"
          value={until}
          onValue={setUntil}
          problem={share.problem}
          help="By the clock of this device."
          input={{ type: 'datetime-local' }}
        />
      )}
    </Form>
  );
}
