import { commandSentence } from '../command-words.ts';
import { commandOf, controlsOf } from '../definitions.ts';
import { useDeviceView, useSend } from '../device-view.ts';
import { isMissed } from '../noteworthy.ts';
import type { Device } from '../wire.ts';
import { again } from './command-line.tsx';
import { SwitchControl } from './switch-control.tsx';

/** What turns a device on and off, on its card; nothing for a device that cannot be. */
export function CardSwitch({ device }: { device: Device }) {
  const view = useDeviceView(device);
  const { definition, commands, state, nowMs } = view;
  const send = useSend(device.id);
  if (definition?.power === undefined) return null;
  const controls = controlsOf(definition).filter((control) => control.kind === 'switch');
  const [power] = controls;
  // A device of no certain type: what it says of itself tells how it is switched, if it is.
  const told = controls.find(({ property }) => property in state);
  const shown = definition.type === 'generic' ? told : power;
  if (shown === undefined) return null;
  const command = commandOf(shown, commands, definition);
  const missed = command && isMissed(command, definition, state, nowMs) ? command : undefined;
  return (
    <div class="card-switch">
      <SwitchControl view={view} control={shown} label={device.name} />
      {missed && (
        <div class="command-line command-line-missed">
          <p>{commandSentence(missed, { definition, isOnline: device.status === 'online' })}</p>
          {view.mayControl && (
            <button
              type="button"
              class="button"
              disabled={send.busy}
              onClick={() => void send.run(again(missed))}
            >
              Try again
            </button>
          )}
        </div>
      )}
    </div>
  );
}
