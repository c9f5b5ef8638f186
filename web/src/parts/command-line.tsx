import {
  commandSentence,
  hasFailed,
  isUnderWay,
  requesterWords,
  stoodSince,
} from '../command-words.ts';
import { control } from '../control-api.ts';
import type { Command } from '../control-wire.ts';
import { type DeviceView, useSend } from '../device-view.ts';
import { useAction } from '../hooks.ts';
import { useSession } from '../session.ts';
import { clockSeconds, dayAndTime } from '../time.ts';
import { ProblemNote } from './problem-note.tsx';

const minuteMs = 60_000;

/** How one command stands, and what can be done about it. */
export function CommandLine({ view, command }: { view: DeviceView; command: Command }) {
  const { definition, device, nowMs } = view;
  const { live, person } = useSession();
  const send = useSend(device.id);
  const callOff = useAction(async () => {
    await control.cancel(command.id);
    // Its end is heard of by the live view; this is for one that was not heard of.
    live.catchUp({ commands: await control.commands(device.id, 1) });
  });
  const hasMissed = hasFailed(command);
  const atMs = Date.parse(stoodSince(command));
  return (
    <div class={hasMissed ? 'command-line command-line-missed' : 'command-line'}>
      <p>
        {commandSentence(command, { definition, isOnline: device.status === 'online' })}{' '}
        <span class="quiet">
          <time dateTime={stoodSince(command)}>
            {Math.abs(nowMs - atMs) < 10 * minuteMs ? clockSeconds(atMs) : dayAndTime(atMs, nowMs)}
          </time>
          , {requesterWords(command, person.name)}
        </span>
      </p>
      {view.mayControl && hasMissed && (
        <button
          type="button"
          class="button"
          disabled={send.busy}
          onClick={() => void send.run(again(command))}
        >
          Try again
        </button>
      )}
      {view.mayControl && isUnderWay(command) && (
        <button
          type="button"
          class="button"
          disabled={callOff.busy}
          onClick={() => void callOff.run()}
        >
          Call off
        </button>
      )}
      <ProblemNote problem={send.problem ?? callOff.problem} />
    </div>
  );
}

/** The same anew, as another command. */
export const again = ({ action, value }: Command) =>
  value === null ? { action } : { action, value };
