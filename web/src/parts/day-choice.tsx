import { useId } from 'preact/hooks';
import type { DayName } from '../control-wire.ts';
import { type Problem, sentence } from '../problem.ts';
import { week } from '../schedule-words.ts';

/** The days of a week, each a box to tick that looks like a button. */
export function DayChoice(props: {
  value: readonly DayName[];
  onValue: (days: readonly DayName[]) => void;
  problem?: Problem | undefined;
}) {
  const { value, onValue, problem } = props;
  const id = useId();
  const atFault = problem?.field === 'days' ? problem : undefined;
  const turn = (day: DayName) =>
    onValue(value.includes(day) ? value.filter((other) => other !== day) : [...value, day]);
  return (
    <fieldset class="segments" aria-describedby={atFault && id}>
      <legend class="legend">Days</legend>
      <div class="days">
        {week.map(([day, short, long]) => (
          <label key={day}>
            <input
              type="checkbox"
              aria-label={long}
              checked={value.includes(day)}
              onChange={() => turn(day)}
            />
            <span aria-hidden="true">{short}</span>
          </label>
        ))}
      </div>
      {atFault && (
        <p class="fault" id={id} role="alert">
          {sentence(atFault.message)}
        </p>
      )}
    </fieldset>
  );
}
