import { useEffect, useRef, useState } from 'preact/hooks';
import { control } from '../control-api.ts';
import type { Schedule, TypeDefinition } from '../control-wire.ts';
import { useAction } from '../hooks.ts';
import { linkTo } from '../route.ts';
import { doesWords, lastWords, nextWords, ownName, whenWords } from '../schedule-words.ts';
import { mayControl, useSession } from '../session.ts';
import { ProblemNote } from './problem-note.tsx';
import { Switch } from './switch.tsx';

/** One schedule in words: when, what, what is to come, how it went last. */
export function ScheduleRow(props: {
  schedule: Schedule;
  definition: TypeDefinition | undefined;
  nowMs: number;
}) {
  const { schedule, definition, nowMs } = props;
  const { person } = useSession();
  const [removing, setRemoving] = useState(false);
  const turn = useAction(async () => {
    await control.changeSchedule(schedule.id, { enabled: !schedule.enabled });
  });
  const name = ownName(schedule);
  const words = `${whenWords(schedule)} → ${doesWords(schedule, definition)}`;
  const may = mayControl(person);
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
      {may && removing && <Removal schedule={schedule} onDone={() => setRemoving(false)} />}
      {may && !removing && (
        <div class="buttons">
          <a
            class="button"
            href={linkTo({ page: 'schedule', id: schedule.id })}
            aria-label={`Change ${name || words}`}
          >
            Change
          </a>
          <button
            type="button"
            class="button button-quiet"
            aria-label={`Remove ${name || words}`}
            onClick={() => setRemoving(true)}
          >
            Remove
          </button>
        </div>
      )}
      <ProblemNote problem={turn.problem} />
    </li>
  );
}

/** Asks once more; the row goes when the hub says that it is gone. */
function Removal({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  const remove = useAction(async () => {
    await control.removeSchedule(schedule.id);
  });
  return (
    <>
      <p>Remove it? The device is left as it is.</p>
      <div class="buttons">
        <button
          type="button"
          class="button button-main"
          disabled={remove.busy}
          onClick={() => void remove.run()}
        >
          Yes, remove it
        </button>
        <button ref={keep} type="button" class="button" onClick={onDone}>
          Keep it
        </button>
      </div>
      <ProblemNote problem={remove.problem} />
    </>
  );
}
