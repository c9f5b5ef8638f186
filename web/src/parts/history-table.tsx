import { useState } from 'preact/hooks';
import { bucketWords } from '../history-words.ts';
import { type Quantity, quantityLabel, quantityUnit, showQuantity, stepOf } from '../quantity.ts';
import { dayS, type Range, rowStartMs } from '../range.ts';
import { type Bucket, regroup } from '../series.ts';
import { dayAndTime } from '../time.ts';

/** The chart as a table, newest row first; its rows are made only once it is opened. */
export function HistoryTable(props: {
  quantity: Quantity;
  range: Range;
  /** Of what time: `in the last 24 hours`. */
  within: string;
  buckets: readonly Bucket[];
  earlier: readonly Bucket[] | undefined;
  nowMs: number;
}) {
  const { quantity, range, earlier, nowMs } = props;
  const unit = quantityUnit(quantity);
  const [open, setOpen] = useState(false);
  const isLine = quantity.shape === 'line';
  const stepS = isLine ? range.rowS : stepOf(quantity, range).intervalS;
  const rowsOf = (buckets: readonly Bucket[]) =>
    // Bars are rows already, cut by the calendar of the home.
    open && isLine
      ? regroup(buckets, (timeS) => rowStartMs(timeS * 1000, stepS) / 1000)
      : [...buckets];
  const rows = open ? rowsOf(props.buckets).reverse() : [];
  const before = new Map(open ? rowsOf(earlier ?? []).map((row) => [row.timeS, row]) : []);
  const show = (value: number | undefined) =>
    value === undefined ? '–' : showQuantity(quantity, value);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as a table</summary>
      <div class="table-scroll">
        <table>
          <caption>
            {quantityLabel(quantity)} {props.within}
            {unit && `, in ${unit}`}
          </caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              {isLine && <th scope="col">Lowest</th>}
              <th scope="col">{headings[quantity.kind]}</th>
              {isLine && <th scope="col">Highest</th>}
              {earlier && <th scope="col">Before</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.timeS}>
                <th scope="row">
                  {stepS < dayS
                    ? dayAndTime(row.timeS * 1000, nowMs)
                    : bucketWords(range, stepS, row.timeS)}
                </th>
                {isLine && <td>{show(row.min)}</td>}
                <td>{show(row.avg)}</td>
                {isLine && <td>{show(row.max)}</td>}
                {earlier && <td>{show(before.get(row.timeS)?.avg)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const headings: Readonly<Record<Quantity['kind'], string>> = {
  level: 'Average',
  counter: 'Used',
  share: 'Of the time',
};
