import { useId } from 'preact/hooks';
import { metricOf } from '../metrics.ts';

/** Which metric the chart shows. */
export function MetricChoice(props: {
  metrics: readonly string[];
  value: string;
  onValue: (metric: string) => void;
}) {
  const id = useId();
  return (
    <div class="metric-choice">
      <label for={id} class="visually-hidden">
        What to show
      </label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => props.onValue(event.currentTarget.value)}
      >
        {props.metrics.map((metric) => (
          <option key={metric} value={metric}>
            {metricOf(metric).label}
          </option>
        ))}
      </select>
    </div>
  );
}
