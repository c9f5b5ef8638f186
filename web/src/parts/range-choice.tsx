import { type Range, ranges } from '../range.ts';
import { Segments } from './segments.tsx';

const choices = ranges.map(({ key, label }) => [key, label] as const);

/** How far back the chart looks. */
export const RangeChoice = (props: { value: Range; onValue: (range: Range) => void }) => (
  <Segments
    legend="How far back"
    choices={choices}
    value={props.value.key}
    onValue={(key) => {
      const range = ranges.find((candidate) => candidate.key === key);
      if (range) props.onValue(range);
    }}
  />
);
