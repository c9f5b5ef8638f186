import type { Problem } from '../problem.ts';
import { Field } from './field.tsx';

/** From the beginning of one day to the end of another. */
export function DateSpan(props: {
  from: string;
  to: string;
  onFrom: (date: string) => void;
  onTo: (date: string) => void;
  /** The last day that may be chosen. */
  most: string;
  problem: Problem | undefined;
}) {
  const { from, to, most, problem } = props;
  return (
    <div class="field-row">
      <Field
        label="From"
        name="start"
        value={from}
        onValue={props.onFrom}
        problem={problem}
        input={{ type: 'date', max: most }}
      />
      <Field
        label="To the end of"
        name="end"
        value={to}
        onValue={props.onTo}
        problem={problem}
        input={{ type: 'date', min: from, max: most }}
      />
    </div>
  );
}
