import { progressWords, sayActionValue } from '../command-words.ts';
import { type OptionsControl as Control, commandOf } from '../definitions.ts';
import { type DeviceView, useSend } from '../device-view.ts';
import { metricOf } from '../metrics.ts';
import { isOpen } from '../noteworthy.ts';
import { isSame } from '../truth.ts';
import { ProblemNote } from './problem-note.tsx';

/** A button for each value; the one that the device says it is set to is pressed. */
export function OptionsControl({ view, control }: { view: DeviceView; control: Control }) {
  const { definition, device, state, nowMs } = view;
  const { action, property, options } = control;
  const send = useSend(device.id);
  const is = property === undefined ? undefined : state[property];
  const command = definition && commandOf(control, view.commands, definition);
  const open = command && isOpen(command, definition, nowMs) ? command : undefined;
  const name = property === undefined ? action.label : metricOf(property).label;
  const unit = action.value && 'unit' in action.value ? action.value.unit : undefined;
  return (
    <div class="control-row">
      <p class="control-name">{name}</p>
      <p class="control-state">
        {is === undefined ? property && 'Not known' : sayActionValue(is, unit)}
        <span class="control-progress" role="status">
          {send.busy ? 'Asking the hub…' : open && progressWords(definition, open)}
        </span>
      </p>
      {view.mayControl && (
        <fieldset class="options">
          <legend class="visually-hidden">{name}</legend>
          {options.map((value) => (
            <button
              key={String(value)}
              type="button"
              class="option"
              aria-pressed={isSame(value, is)}
              aria-disabled={send.busy}
              data-wanted={open !== undefined && open.value === value}
              onClick={() => send.busy || void send.run({ action: action.name, value })}
            >
              {sayActionValue(value)}
            </button>
          ))}
        </fieldset>
      )}
      <ProblemNote problem={send.problem} />
    </div>
  );
}
