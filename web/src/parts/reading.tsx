import { metricOf, showValue } from '../metrics.ts';
import type { Value } from '../wire.ts';

/** One live value: its label, the number in figures of even width, its unit. */
export function Reading(props: { metric: string; value: Value; large?: boolean }) {
  const { text, unit } = showValue(props.metric, props.value);
  return (
    <div class={props.large ? 'reading reading-large' : 'reading'}>
      <dt>{metricOf(props.metric).label}</dt>
      <dd class="value" data-metric={props.metric}>
        <span class="number">{text}</span>
        {unit && <span class="unit"> {unit}</span>}
      </dd>
    </div>
  );
}
