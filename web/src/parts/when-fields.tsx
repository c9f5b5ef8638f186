import type { Problem } from '../problem.ts';
import type { ScheduleDraft } from '../schedule-draft.ts';
import { DayChoice } from './day-choice.tsx';
import { Field } from './field.tsx';
import { Segments } from './segments.tsx';
import { TimeOfDayField } from './time-of-day-field.tsx';

const kinds = [
  ['weekly', 'Every week'],
  ['once', 'Once'],
  ['cron', 'Advanced'],
] as const;

/** When a schedule runs. All times are those of the home, wherever the reader is. */
export function WhenFields(props: {
  draft: ScheduleDraft;
  onChange: (changed: Partial<ScheduleDraft>) => void;
  problem: Problem | undefined;
}) {
  const { draft, onChange } = props;
  return (
    <>
      <Segments
        legend="When"
        isLegendShown
        choices={kinds}
        value={draft.kind}
        onValue={(kind) => onChange({ kind })}
      />
      {draft.kind === 'weekly' && <WeeklyFields {...props} />}
      {draft.kind === 'once' && <OnceFields {...props} />}
      {draft.kind === 'cron' && <CronFields {...props} />}
    </>
  );
}

type FieldsProps = Parameters<typeof WhenFields>[0];

const WeeklyFields = ({ draft, onChange, problem }: FieldsProps) => (
  <>
    <DayChoice value={draft.days} onValue={(days) => onChange({ days })} problem={problem} />
    <TimeOfDayField
      label="Begins"
      name="start"
      value={draft.start}
      onValue={(start) => onChange({ start })}
      problem={problem}
    />
    <TimeOfDayField
      label="Ends"
      name="end"
      value={draft.end}
      onValue={(end) => onChange({ end })}
      problem={problem}
    />
    <p class="help">
      One that ends earlier than it begins goes on past midnight. Times are those of the home.
    </p>
  </>
);

const OnceFields = ({ draft, onChange, problem }: FieldsProps) => (
  <div class="field-row">
    <Field
      label="At"
      name="at"
      value={draft.at}
      onValue={(at) => onChange({ at })}
      problem={problem}
      input={{ type: 'datetime-local' }}
    />
    <Field
      label="Until"
      name="until"
      value={draft.until}
      onValue={(until) => onChange({ until })}
      problem={problem}
      required={false}
      input={{ type: 'datetime-local' }}
    />
  </div>
);

const CronFields = ({ draft, onChange, problem }: FieldsProps) => (
  <>
    <Field
      label="Cron expression"
      name="cron"
      value={draft.cron}
      onValue={(cron) => onChange({ cron })}
      problem={problem}
      help="Minute, hour, day of the month, month, day of the week: 30 7 * * 1-5."
      input={{ autocomplete: 'off', autocapitalize: 'off', spellcheck: false, maxLength: 100 }}
    />
    <Field
      label="For how many minutes"
      name="duration_minutes"
      value={draft.minutes}
      onValue={(minutes) => onChange({ minutes })}
      problem={problem}
      required={false}
      input={{ type: 'number', min: 1, max: 10_080, step: 1 }}
    />
  </>
);
