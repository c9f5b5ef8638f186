import { type Control, commandOf, controlsOf, propertyOf } from '../definitions.ts';
import type { DeviceView } from '../device-view.ts';
import { isMissed, isOpen } from '../noteworthy.ts';
import { ButtonControl, FormControl } from './action-control.tsx';
import { CommandLine } from './command-line.tsx';
import { OptionsControl } from './options-control.tsx';
import { SwitchControl } from './switch-control.tsx';
import { WhyLine } from './why-line.tsx';

/** What can be done with the device, how it stands, and why; nothing for one that takes no commands. */
export function ControlCard({ view }: { view: DeviceView }) {
  const { definition, device } = view;
  if (definition === undefined) return null;
  const controls = controlsOf(definition);
  if (controls.length === 0) return null;
  const { first, others } = inTwo(controls, view);
  return (
    <section class="card control" aria-labelledby="control">
      <h2 id="control">Control</h2>
      {device.state === 'disabled' && (
        <p class="quiet">It is switched off here, so it takes no commands.</p>
      )}
      <Controls view={view} controls={first} />
      {others.length > 0 && view.mayControl && (
        <details>
          <summary>What else it may understand</summary>
          <div class="controls">
            <Controls view={view} controls={others} />
          </div>
        </details>
      )}
      <Lines view={view} controls={controls} />
      <WhyLine view={view} />
    </section>
  );
}

/**
 * A device of no certain type may understand every word there is: those that fit what it says of
 * itself come first.
 */
function inTwo(controls: readonly Control[], { definition, state }: DeviceView) {
  if (definition?.type !== 'generic') return { first: controls, others: [] };
  const isTold = (control: Control) => (propertyOf(control) ?? '') in state;
  const told = controls.filter(isTold);
  const first = told.length > 0 ? told : controls.slice(0, 1);
  return { first, others: controls.filter((control) => !first.includes(control)) };
}

function Controls({ view, controls }: { view: DeviceView; controls: readonly Control[] }) {
  return (
    <>
      {controls.map((control) => (
        <OneControl
          key={control.kind === 'switch' ? control.property : control.action.name}
          view={view}
          control={control}
        />
      ))}
    </>
  );
}

/** A guest sees what has a state, and nothing to press. */
function OneControl({ view, control }: { view: DeviceView; control: Control }) {
  switch (control.kind) {
    case 'switch':
      return <SwitchControl view={view} control={control} />;
    case 'options':
      return <OptionsControl view={view} control={control} />;
    case 'form':
      return view.mayControl ? <FormControl view={view} control={control} /> : null;
    case 'button':
      return view.mayControl ? <ButtonControl view={view} control={control} /> : null;
  }
}

/** The last command, and every other that is not over or came to nothing. */
function Lines({ view, controls }: { view: DeviceView; controls: readonly Control[] }) {
  const { definition, commands, state, nowMs } = view;
  if (definition === undefined) return null;
  const newest = controls.flatMap((control) => commandOf(control, commands, definition) ?? []);
  const worthy = newest.filter(
    (command) => isOpen(command, definition, nowMs) || isMissed(command, definition, state, nowMs),
  );
  return (
    <>
      {[...new Set([...commands.slice(0, 1), ...worthy])].map((command) => (
        <CommandLine key={command.id} view={view} command={command} />
      ))}
    </>
  );
}
