import { useState } from 'preact/hooks';
import { type ActionDraft, draftFor } from '../action-draft.ts';
import type { ScheduleInput, TypeDefinition } from '../control-wire.ts';
import { askableActions } from '../definitions.ts';
import { useAction } from '../hooks.ts';
import type { Problem } from '../problem.ts';
import { hasEnd, inputFrom, type ScheduleDraft } from '../schedule-draft.ts';
import { type Targets, targetDefinition, targetFrom } from '../schedule-targets.ts';
import { ActionChoice } from './action-choice.tsx';
import { Choice, type Choices } from './choice.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { Segments } from './segments.tsx';
import { WhenFields } from './when-fields.tsx';

/** What the form shows of the hub's complaints beside the field that they name. */
const fields = [
  ...['name', 'device_id', 'group_id', 'days', 'start', 'end', 'at', 'until', 'cron'],
  ...['duration_minutes', 'action', 'value', 'end_action.action', 'end_action.value'],
];

/** A schedule to be filled in. */
export function ScheduleForm(props: {
  initial: ScheduleDraft;
  targets: Targets;
  submit: string;
  onSave: (input: ScheduleInput) => Promise<void>;
  onCancel: () => void;
}) {
  const { targets } = props;
  const [draft, setDraft] = useState(props.initial);
  const change = (changed: Partial<ScheduleDraft>) => setDraft({ ...draft, ...changed });
  const definition = targetDefinition(targetFrom(draft.target), targets);
  const save = useAction(() => props.onSave(inputFrom(draft, definition)));
  const { problem } = save;
  return (
    <Form
      action={save}
      fields={fields}
      submit={props.submit}
      busy="Saving…"
      onCancel={props.onCancel}
      isCard
    >
      <TargetChoice
        draft={draft}
        targets={targets}
        problem={problem}
        onTarget={(target) => change({ target, ...actionsFor(target, targets) })}
      />
      <WhenFields draft={draft} onChange={change} problem={problem} />
      {definition && (
        <ActionChoice
          label="What it does"
          definition={definition}
          actions={askableActions(definition)}
          draft={draft.begin}
          onDraft={(begin) => change({ begin })}
          problem={problem}
        />
      )}
      {definition && hasEnd(draft) && (
        <EndFields draft={draft} definition={definition} onChange={change} problem={problem} />
      )}
      <Field
        label="Name"
        name="name"
        value={draft.name}
        onValue={(name) => change({ name })}
        problem={problem}
        required={false}
        help="Such as “Weekday mornings”. Without one it is called by its times."
        input={{ maxLength: 100, autocomplete: 'off' }}
      />
    </Form>
  );
}

/** What a schedule does at first when it is for this: the most that can be asked, then off. */
export function actionsFor(
  target: string,
  targets: Targets,
): { begin: ActionDraft; atEnd: ScheduleDraft['atEnd']; endAction: ActionDraft } {
  const definition = targetDefinition(targetFrom(target), targets);
  const actions = definition ? askableActions(definition) : [];
  const on = actions.find(({ name }) => name === definition?.power?.on) ?? actions[0];
  const off = actions.find(({ name }) => name === definition?.power?.off) ?? actions[0];
  const atEnd = definition?.power ? 'off' : 'leave';
  return { begin: draftFor(on), atEnd, endAction: draftFor(off) };
}

function TargetChoice(props: {
  draft: ScheduleDraft;
  targets: Targets;
  onTarget: (target: string) => void;
  problem: Problem | undefined;
}) {
  const { draft, targets, problem } = props;
  const canBeAsked = (text: string) => {
    const definition = targetDefinition(targetFrom(text), targets);
    return definition !== undefined && askableActions(definition).length > 0;
  };
  const choicesOf = (kind: string, all: Iterable<{ id: string; name: string }>): Choices =>
    [...all]
      .map(({ id, name }) => [`${kind}:${id}`, name] as const)
      .filter(([value]) => canBeAsked(value) || value === draft.target)
      .sort(([, a], [, b]) => a.localeCompare(b));
  return (
    <Choice
      label="For"
      name="device_id"
      value={draft.target}
      onValue={props.onTarget}
      isRequired
      problem={problem}
      choices={draft.target === '' ? [['', 'Choose a device']] : []}
      groups={[
        { label: 'Devices', choices: choicesOf('device', targets.devices.values()) },
        { label: 'Groups', choices: choicesOf('group', targets.groups) },
      ]}
    />
  );
}

function EndFields(props: {
  draft: ScheduleDraft;
  definition: TypeDefinition;
  onChange: (changed: Partial<ScheduleDraft>) => void;
  problem: Problem | undefined;
}) {
  const { draft, definition, onChange } = props;
  const choices = [
    ...(definition.power ? [['off', 'Turn off'] as const] : []),
    ['leave', 'Leave as it is'] as const,
    ['other', 'Other'] as const,
  ];
  return (
    <>
      <Segments
        legend="At the end"
        isLegendShown
        choices={choices}
        value={draft.atEnd}
        onValue={(atEnd) => onChange({ atEnd })}
      />
      {draft.atEnd === 'other' && (
        <ActionChoice
          label="What it does at the end"
          prefix="end_action."
          definition={definition}
          actions={askableActions(definition)}
          draft={draft.endAction}
          onDraft={(endAction) => onChange({ endAction })}
          problem={props.problem}
        />
      )}
    </>
  );
}
