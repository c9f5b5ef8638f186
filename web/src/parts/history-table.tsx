import { useState } from 'preact/hooks';
import { metricOf, showValue } from '../metrics.ts';
import type { Range } from '../range.ts';
import { type Bucket, regroup } from '../series.ts';
import { dayAndTime, startOfDayMs } from '../time.ts';

/** The chart as a table, newest row first; its rows are made only once it is opened. */
export function HistoryTable(props: {
  metric: string;
  range: Range;
  buckets: readonly Bucket[];
  nowMs: number;
}) {
  const { metric, range, nowMs } = props;
  const { label, unit } = metricOf(metric);
  const [open, setOpen] = useState(false);
  const rows = open ? regroup(props.buckets, range.rowS, startOfDayMs(nowMs) / 1000).reverse() : [];
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as a table</summary>
      <div class="table-scroll">
        <table>
          <caption>
            {label} in {range.words}
            {unit && `, in ${unit}`}
          </caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Lowest</th>
              <th scope="col">Average</th>
              <th scope="col">Highest</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.timeS}>
                <th scope="row">{dayAndTime(row.timeS * 1000, nowMs)}</th>
                <td>{showValue(metric, row.min).text}</td>
                <td>{showValue(metric, row.avg).text}</td>
                <td>{showValue(metric, row.max).text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
