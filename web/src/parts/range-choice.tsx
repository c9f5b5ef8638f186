import { useId } from 'preact/hooks';
import { type Range, ranges } from '../range.ts';

/** How far back the chart looks: radio buttons that look like one switch. */
export function RangeChoice(props: { value: Range; onValue: (range: Range) => void }) {
  const name = useId();
  return (
    <fieldset class="range-choice">
      <legend class="visually-hidden">How far back</legend>
      {ranges.map((range) => (
        <label key={range.key}>
          <input
            type="radio"
            name={name}
            value={range.key}
            checked={range === props.value}
            onChange={() => props.onValue(range)}
          />
          <span>{range.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
