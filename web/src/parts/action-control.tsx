import { useState } from 'preact/hooks';
import { actionFrom, draftFor } from '../action-draft.ts';
import { progressWords, sayActionValue } from '../command-words.ts';
import { type Control, commandOf } from '../definitions.ts';
import { type DeviceView, useSend } from '../device-view.ts';
import { useAction } from '../hooks.ts';
import { isOpen } from '../noteworthy.ts';
import { Form } from './form.tsx';
import { ProblemNote } from './problem-note.tsx';
import { ValueField } from './value-field.tsx';

/** Something that is just done: a beep. */
export function ButtonControl(props: {
  view: DeviceView;
  control: Extract<Control, { kind: 'button' }>;
}) {
  const { view, control } = props;
  const send = useSend(view.device.id);
  const open = useOpen(view, control);
  return (
    <div class="control-row">
      <button
        type="button"
        class="button"
        disabled={send.busy}
        onClick={() => void send.run({ action: control.action.name })}
      >
        {control.action.label}
      </button>
      <p class="control-state">
        <span class="control-progress" role="status">
          {open && progressWords(view.definition, open)}
        </span>
      </p>
      <ProblemNote problem={send.problem} />
    </div>
  );
}

/** An action whose value is filled in. */
export function FormControl(props: {
  view: DeviceView;
  control: Extract<Control, { kind: 'form' }>;
}) {
  const { view, control } = props;
  const { action, property } = control;
  const is = property === undefined ? undefined : view.state[property];
  const [value, setValue] = useState(is === undefined ? draftFor(action).value : String(is));
  const send = useSend(view.device.id);
  const submit = useAction(() =>
    send.run(actionFrom({ action: action.name, value }, view.definition)),
  );
  const open = useOpen(view, control);
  const unit = action.value && 'unit' in action.value ? action.value.unit : undefined;
  return (
    <div class="control-row control-row-form">
      <Form action={{ ...submit, problem: send.problem }} fields={['value']} submit="Send">
        <ValueField
          action={action}
          label={action.label}
          value={value}
          onValue={setValue}
          problem={send.problem}
        />
      </Form>
      <p class="control-state">
        {is !== undefined && `Now: ${sayActionValue(is, unit)}`}
        <span class="control-progress" role="status">
          {open && progressWords(view.definition, open)}
        </span>
      </p>
    </div>
  );
}

function useOpen({ definition, commands, nowMs }: DeviceView, control: Control) {
  const command = definition && commandOf(control, commands, definition);
  return command && isOpen(command, definition, nowMs) ? command : undefined;
}
