import { useId } from 'preact/hooks';
import { actionWords, progressWords, upperFirst } from '../command-words.ts';
import type { Command } from '../control-wire.ts';
import { type SwitchControl as Control, commandOf, expectedState } from '../definitions.ts';
import { type DeviceView, useSend } from '../device-view.ts';
import { metricOf, showValue } from '../metrics.ts';
import { isOpen } from '../noteworthy.ts';
import { truthOf } from '../truth.ts';
import { ProblemNote } from './problem-note.tsx';
import { Switch } from './switch.tsx';

/**
 * What a device is, on or off, and a switch for it. The switch goes by what the device says: while a
 * command is under way it stays where it is and says how far the command has come.
 */
export function SwitchControl(props: { view: DeviceView; control: Control; label?: string }) {
  const { view, control } = props;
  const { definition, device, nowMs } = view;
  const send = useSend(device.id);
  const id = useId();
  const is = truthOf(view.state[control.property]);
  const command = definition && commandOf(control, view.commands, definition);
  const open =
    command && isOpen(command, definition, nowMs) && concerns(command) ? command : undefined;
  const name = metricOf(control.property).label;

  /** A fan that only changes its speed stays on: that is no business of the switch. */
  function concerns({ action, value }: Command): boolean {
    if (action === control.on || action === control.off) return true;
    const wanted = definition && expectedState(definition, { action, value })[control.property];
    return wanted !== undefined && truthOf(wanted) !== is;
  }

  return (
    <div class="control-row">
      {props.label === undefined && <p class="control-name">{name}</p>}
      <p class="control-state" id={id}>
        {is === undefined ? 'Not known' : showValue(control.property, is).text}
        <span class="control-progress" role="status">
          {send.busy ? 'Asking the hub…' : open && progressWords(definition, open)}
        </span>
      </p>
      {view.mayControl && is !== undefined && (
        <Switch
          label={props.label ?? name}
          on={is}
          busy={send.busy || open !== undefined}
          describedBy={id}
          onPress={() => void send.run({ action: is ? control.off : control.on })}
        />
      )}
      {view.mayControl && is === undefined && (
        <div class="buttons">
          {[control.on, control.off].map((action) => (
            <button
              key={action}
              type="button"
              class="button"
              disabled={send.busy || open !== undefined}
              onClick={() => void send.run({ action })}
            >
              {upperFirst(actionWords(definition, { action }))}
            </button>
          ))}
        </div>
      )}
      <ProblemNote problem={send.problem} />
    </div>
  );
}
