import type { Problem } from '../problem.ts';
import type { TimeOfDay } from '../time-of-day.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';
import { FieldFrame } from './field-frame.tsx';

const anchors = [
  ['clock', 'at a time'],
  ['sunrise', 'by sunrise'],
  ['sunset', 'by sunset'],
] as const;

/** A time on the clock, or so many minutes before or after sunrise or sunset. */
export function TimeOfDayField(props: {
  /** `Begins`, `Ends`. */
  label: string;
  /** What the hub calls it when it finds fault with it. */
  name: 'start' | 'end';
  value: TimeOfDay;
  onValue: (value: TimeOfDay) => void;
  problem?: Problem | undefined;
}) {
  const { label, name, value, onValue, problem } = props;
  const change = (changed: Partial<TimeOfDay>) => onValue({ ...value, ...changed });
  return (
    <div class="field-row field-row-tight">
      <Choice
        label={label}
        name={`${name}-from`}
        value={value.from}
        onValue={(from) => {
          const anchor = anchors.find(([known]) => known === from)?.[0] ?? 'clock';
          change({ from: anchor, clock: value.clock || '18:00' });
        }}
        choices={anchors}
      />
      {value.from === 'clock' ? (
        <Field
          label={`${label} at`}
          name={name}
          value={value.clock}
          onValue={(clock) => change({ clock })}
          problem={problem}
          input={{ type: 'time' }}
        />
      ) : (
        <FieldFrame label={`${label}, minutes`} name={name} problem={problem}>
          {(links) => (
            <div class="beside-sun">
              <input
                {...links}
                type="number"
                min={0}
                max={360}
                step={1}
                value={value.minutes}
                onInput={(event) => change({ minutes: event.currentTarget.value })}
              />
              <select
                aria-label={`${label}, before or after`}
                value={value.side}
                onChange={(event) =>
                  change({ side: event.currentTarget.value === 'before' ? 'before' : 'after' })
                }
              >
                <option value="before">before</option>
                <option value="after">after</option>
              </select>
            </div>
          )}
        </FieldFrame>
      )}
    </div>
  );
}
