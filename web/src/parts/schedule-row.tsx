import { control } from '../control-api.ts';
import type { Schedule, TypeDefinition } from '../control-wire.ts';
import { useAction } from '../hooks.ts';
import { linkTo } from '../route.ts';
import { doesWords, lastWords, nextWords, ownName, whenWords } from '../schedule-words.ts';
import { mayChangeSchedules, useSession } from '../session.ts';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';
import { Switch } from './switch.tsx';

/** One schedule in words: when, what, what is to come, how it went last. */
export function ScheduleRow(props: {
  schedule: Schedule;
  definition: TypeDefinition | undefined;
  nowMs: number;
}) {
  const { schedule, definition, nowMs } = props;
  const { person } = useSession();
  const turn = useAction(async () => {
    await control.changeSchedule(schedule.id, { enabled: !schedule.enabled });
  });
  const name = ownName(schedule);
  const words = `${whenWords(schedule)} → ${doesWords(schedule, definition)}`;
  const may = mayChangeSchedules(person);
  return (
    <li class={schedule.enabled ? 'row schedule' : 'row schedule schedule-off'}>
      <div class="row-main">
        <div>
          {name !== '' && (
            <p>
              <strong>{name}</strong>
            </p>
          )}
          <p>{words}</p>
        </div>
        {may && (
          <Switch
            label={`Use the schedule ${name || words}`}
            on={schedule.enabled}
            busy={turn.busy}
            onPress={() => void turn.run()}
          />
        )}
      </div>
      <p class="quiet">
        {nextWords(schedule, definition, nowMs)}
        {schedule.last_run && ` ${lastWords(schedule.last_run, nowMs)}`}
      </p>
      {may && (
        <Removable
          verb="Remove"
          name={name || words}
          question="Remove it? The device is left as it is."
          yes="Yes, remove it"
          onRemove={async () => {
            await control.removeSchedule(schedule.id);
          }}
        >
          <a
            class="button"
            href={linkTo({ page: 'schedule', id: schedule.id })}
            aria-label={`Change ${name || words}`}
          >
            Change
          </a>
        </Removable>
      )}
      <ProblemNote problem={turn.problem} />
    </li>
  );
}
