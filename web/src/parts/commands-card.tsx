import { actionWords, requesterWords, statusWords, upperFirst } from '../command-words.ts';
import type { DeviceView } from '../device-view.ts';
import { sentence } from '../problem.ts';
import { useSession } from '../session.ts';
import { dayAndTime } from '../time.ts';

const mostShown = 10;

/** The last commands of the device: what, who asked, how it went, when. */
export function CommandsCard({ view }: { view: DeviceView }) {
  const { person } = useSession();
  const { commands, definition, nowMs } = view;
  if (commands.length === 0) return null;
  return (
    <section class="card commands" aria-labelledby="commands">
      <h2 id="commands">Last commands</h2>
      <ul class="rows">
        {commands.slice(0, mostShown).map((command) => (
          <li key={command.id} class="row">
            <p class="row-main">
              <span>{upperFirst(actionWords(definition, command))}</span>
              <span class={`outcome outcome-${command.status}`}>{statusWords(command)}</span>
            </p>
            <p class="quiet">
              <time dateTime={command.created_at}>
                {dayAndTime(Date.parse(command.created_at), nowMs)}
              </time>
              , {requesterWords(command, person.name)}
              {command.error !== null && command.status !== 'cancelled' && (
                <>. {sentence(command.error)}</>
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
