import { useState } from 'preact/hooks';
import { beginMs, dateOf, finishMs } from '../days.ts';
import { deletionWords } from '../deletion-words.ts';
import { keeping } from '../history-api.ts';
import type { Deletion } from '../history-wire.ts';
import { useAction, useNow, useObservable } from '../hooks.ts';
import { count } from '../kept-words.ts';
import { useSession } from '../session.ts';
import { Choice } from './choice.tsx';
import { Confirm } from './confirm.tsx';
import { DateSpan } from './date-span.tsx';
import { Form } from './form.tsx';
import { metricsOf } from './rule-form.tsx';
import { Segments } from './segments.tsx';
import { Warning } from './warning.tsx';

const spans = [
  ['days', 'Some days'],
  ['all', 'All of it'],
] as const;

/** A deletion that is to be confirmed, and how many readings it would take where the hub could say. */
interface Asked {
  readonly deletion: Deletion;
  readonly readings: number | undefined;
}

/** What is to go, and a last question that names it. */
export function DeleteHistory({ device: given }: { device: string | undefined }) {
  const { live } = useSession();
  const { clockOffsetMs, devices } = useObservable(live.state);
  const nowMs = useNow(60_000) + clockOffsetMs;
  const [device, setDevice] = useState(devices.has(given ?? '') ? (given ?? '') : '');
  const [metric, setMetric] = useState('');
  const [span, setSpan] = useState<'days' | 'all'>('days');
  const [from, setFrom] = useState(() => dateOf(nowMs));
  const [to, setTo] = useState(() => dateOf(nowMs));
  const [asked, setAsked] = useState<Asked>();
  const [gone, setGone] = useState('');
  const known = devices.get(device);
  const name = known?.name ?? device;
  const look = useAction(async () => {
    const deletion: Deletion = {
      deviceId: device,
      ...(metric !== '' && { metric }),
      ...(span === 'days' && { startMs: beginMs(from), endMs: finishMs(to) }),
    };
    // What cannot be counted can still be deleted.
    const readings = await keeping.countReadings(deletion).catch(() => undefined);
    setGone('');
    setAsked({ deletion, readings });
  });
  const remove = useAction(async () => {
    if (asked === undefined) return;
    const deleted = await keeping.deleteReadings(asked.deletion);
    setAsked(undefined);
    setGone(`${count(deleted, 'reading')} of ${name} ${deleted === 1 ? 'was' : 'were'} deleted.`);
  });
  if (asked) {
    return (
      <section class="card form" aria-labelledby="delete">
        <h2 id="delete">Delete it for good?</h2>
        <Warning>This cannot be taken back.</Warning>
        <Confirm
          question={`${deletionWords(asked.deletion, name, asked.readings)} Exports that were made before are not touched.`}
          yes={remove.busy ? 'Deleting…' : 'Yes, delete it for good'}
          action={remove}
          onNo={() => setAsked(undefined)}
        />
      </section>
    );
  }
  return (
    <>
      <p role="status" class={gone === '' ? undefined : 'note note-good'}>
        {gone}
      </p>
      <Form
        action={look}
        fields={['device', 'start', 'end']}
        submit="Delete…"
        busy="Counting…"
        isCard
      >
        <h2>Delete what a device measured</h2>
        <p>
          It leaves every file of the hub: the readings themselves, and what was kept of them by the
          minute, the hour and the day.
        </p>
        <div class="field-row">
          <Choice
            label="Of"
            name="device"
            value={device}
            onValue={(value) => {
              setDevice(value);
              setMetric('');
            }}
            isRequired
            choices={[
              ...(device === '' ? [['', 'Choose a device'] as const] : []),
              ...[...devices.values()]
                .sort((a, b) => a.name.localeCompare(b.name))
                .map((one) => [one.id, one.name] as const),
            ]}
          />
          <Choice
            label="What"
            name="metric"
            value={metric}
            onValue={setMetric}
            choices={[['', 'Everything it measured'], ...metricsOf(known ? [known] : [])]}
          />
        </div>
        <Segments
          legend="Which time"
          isLegendShown
          choices={spans}
          value={span}
          onValue={setSpan}
        />
        {span === 'days' && (
          <DateSpan
            from={from}
            to={to}
            onFrom={setFrom}
            onTo={setTo}
            most={dateOf(nowMs)}
            problem={look.problem}
          />
        )}
      </Form>
    </>
  );
}
