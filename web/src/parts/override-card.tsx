import { useState } from 'preact/hooks';
import { type ActionDraft, actionFrom, draftFor, usualAction } from '../action-draft.ts';
import { stateMapWords, stateWords, upperFirst } from '../command-words.ts';
import { control } from '../control-api.ts';
import type { ActionDefinition, Override, TypeDefinition } from '../control-wire.ts';
import { lastingActions } from '../definitions.ts';
import type { DeviceView } from '../device-view.ts';
import { useAction, useNow, useObservable } from '../hooks.ts';
import { useSession } from '../session.ts';
import { clockTime, timeLeft } from '../time.ts';
import { ActionChoice } from './action-choice.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Segments } from './segments.tsx';

/** Something for a while, after which the device goes back to what should hold by then. */
export function OverrideCard({ view }: { view: DeviceView }) {
  const { definition, override } = view;
  const actions = definition ? lastingActions(definition) : [];
  if (definition === undefined || actions.length === 0) return null;
  if (override === undefined && !view.mayControl) return null;
  return (
    <section class="card override" aria-labelledby="override">
      <h2 id="override">For a while</h2>
      {override ? (
        <Running view={view} override={override} />
      ) : (
        <StartForm key={definition.type} view={view} definition={definition} actions={actions} />
      )}
    </section>
  );
}

function Running({ view, override }: { view: DeviceView; override: Override }) {
  const { definition, device } = view;
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(500) + clockOffsetMs;
  const endMs = Date.parse(override.ends_at);
  const extend = useAction(async () => {
    live.catchUp({ override: await control.extendOverride(device.id, 10) });
  });
  const stop = useAction(async () => {
    live.catchUp({ override: await control.stopOverride(device.id) });
  });
  const isBusy = extend.busy || stop.busy;
  return (
    <>
      <p class="countdown">
        <span>{upperFirst(stateWords(definition, override))}</span>
        <span class="countdown-time" role="timer">
          {endMs > nowMs ? `another ${timeLeft(endMs - nowMs)}` : 'ending…'}
        </span>
      </p>
      <p class="quiet">
        At {clockTime(endMs)} it goes back to {backTo(override, definition)}, unless a schedule says
        otherwise by then.
      </p>
      {view.mayControl && (
        <div class="buttons">
          <button type="button" class="button" disabled={isBusy} onClick={() => void extend.run()}>
            10 min more
          </button>
          <button type="button" class="button" disabled={isBusy} onClick={() => void stop.run()}>
            Stop now
          </button>
        </div>
      )}
      <ProblemNote problem={extend.problem ?? stop.problem} />
    </>
  );
}

function backTo({ previous }: Override, definition: TypeDefinition | undefined): string {
  if (previous !== null) return stateMapWords(definition, previous) || 'what it was';
  return definition?.power ? 'off' : 'nothing in particular, as it had not said how it was';
}

const lengths = [
  ['5', '5'],
  ['10', '10'],
  ['30', '30'],
  ['60', '60'],
  ['own', 'Other'],
] as const;
type Length = (typeof lengths)[number][0];

function StartForm(props: {
  view: DeviceView;
  definition: TypeDefinition;
  actions: readonly ActionDefinition[];
}) {
  const { view, definition, actions } = props;
  const { live } = useSession();
  const [draft, setDraft] = useState<ActionDraft>(() =>
    draftFor(usualAction(definition, view.state)),
  );
  const [length, setLength] = useState<Length>('10');
  const [own, setOwn] = useState('15');
  const start = useAction(async () => {
    const minutes = Number(length === 'own' ? own : length);
    const action = actionFrom(draft, definition);
    live.catchUp({ override: await control.startOverride(view.device.id, action, minutes) });
  });
  return (
    <Form
      action={start}
      fields={['action', 'value', 'durationMinutes']}
      submit="Start"
      busy="Starting…"
    >
      <p class="quiet">
        For a strong pre-clean, or a light in the hall. Afterwards it goes back by itself.
      </p>
      <ActionChoice
        label="What"
        definition={definition}
        actions={actions}
        draft={draft}
        onDraft={setDraft}
        problem={start.problem}
      />
      <Segments
        legend="For how many minutes"
        isLegendShown
        choices={lengths}
        value={length}
        onValue={setLength}
      />
      {length === 'own' && (
        <Field
          label="Minutes"
          name="durationMinutes"
          value={own}
          onValue={setOwn}
          problem={start.problem}
          help="Up to 1440, which is a day."
          input={{ type: 'number', min: 1, max: 1440, step: 1 }}
        />
      )}
    </Form>
  );
}
