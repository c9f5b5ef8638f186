import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { upperFirst } from '../command-words.ts';
import { comparisonWords } from '../comparison.ts';
import { useComparison, useHistory, useStretch, type View } from '../history.ts';
import { bucketWords, chartWords, stretchWords, withinWords } from '../history-words.ts';
import { useNow, useObservable } from '../hooks.ts';
import { type Quantity, quantityOf, sayQuantity, showQuantity, stepOf } from '../quantity.ts';
import { day, type Range } from '../range.ts';
import { linkTo } from '../route.ts';
import { type Bucket, toColumns } from '../series.ts';
import { mayKeepHistory, useSession } from '../session.ts';
import { Chart } from './chart.tsx';
import { HistoryTable } from './history-table.tsx';
import { MetricChoice } from './metric-choice.tsx';
import { ProblemNote } from './problem-note.tsx';
import { RangeChoice } from './range-choice.tsx';
import { StretchSteps } from './stretch-steps.tsx';
import { Switch } from './switch.tsx';

/** A metric over time: the moving chart, and the same in words and in a table. */
export function HistoryCard(props: {
  deviceId: string;
  /** What of the device can be drawn, the most telling first, with its values now. */
  values: readonly (readonly [metric: string, value: number | boolean])[];
}) {
  const { deviceId } = props;
  const { person } = useSession();
  const [chosen, setChosen] = useState('');
  const [range, setRange] = useState<Range>(day);
  const [endMs, setEndMs] = useState<number>();
  const [compares, setCompares] = useState(false);
  const metrics = props.values.map(([name]) => name);
  const metric = metrics.includes(chosen) ? chosen : (metrics[0] ?? '');
  const current = props.values.find(([name]) => name === metric)?.[1] ?? 0;
  const { kind } = quantityOf(metric, current);
  // A new one is a new chart: values that come must not make one.
  const quantity = useMemo(() => quantityOf(metric, kind === 'share' ? true : 0), [metric, kind]);
  return (
    <section class="card history" aria-labelledby="history">
      <h2 id="history">History</h2>
      <div class="choices">
        <MetricChoice metrics={metrics} value={metric} onValue={setChosen} />
        <RangeChoice
          value={range}
          onValue={(next) => {
            setRange(next);
            setEndMs(undefined);
          }}
        />
      </div>
      <History
        view={{ deviceId, quantity, range, endMs }}
        current={typeof current === 'number' ? current : undefined}
        compares={compares}
        onCompares={setCompares}
        onEnd={setEndMs}
      />
      {mayKeepHistory(person) && (
        <p class="history-links">
          <a href={linkTo({ page: 'history-export', device: deviceId })}>Export this history</a>
          <a href={linkTo({ page: 'history-delete', device: deviceId })}>Delete some of it</a>
        </p>
      )}
    </section>
  );
}

function History(props: {
  view: View;
  current: number | undefined;
  compares: boolean;
  onCompares: (compares: boolean) => void;
  onEnd: (endMs: number | undefined) => void;
}) {
  const { view, compares } = props;
  const { quantity, range, endMs } = view;
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(5_000) + clockOffsetMs;
  const stretch = useStretch(view);
  const { intervalS } = stepOf(quantity, range);
  const history = useHistory(view);
  const comparison = useComparison(view, compares);
  const buckets = history.state === 'loaded' ? history.value : none;
  const compared = comparison.state === 'loaded' ? comparison.value : undefined;
  const earlier = compared?.earlier ?? none;
  const columns = useMemo(
    () => toColumns(buckets, intervalS, earlier),
    [buckets, intervalS, earlier],
  );
  const [pointed, setPointed] = useState<number>();
  const times = stretchWords(range, stretch, endMs === undefined, nowMs);
  const within = withinWords(times, endMs === undefined);
  const words = chartWords({
    quantity,
    range,
    intervalS,
    within,
    buckets,
    current: endMs === undefined ? props.current : undefined,
    nowMs,
  });
  const newest = buckets.at(-1)?.timeS;
  return (
    <>
      <StretchSteps
        words={times}
        stretch={stretch}
        intervalS={intervalS}
        isNow={endMs === undefined}
        nowMs={nowMs}
        onEnd={props.onEnd}
      />
      {history.state === 'failed' ? (
        <ProblemNote problem={history.problem} />
      ) : (
        <>
          <p class="chart-readout" aria-hidden="true">
            <PointWords
              view={view}
              timeS={pointed === undefined ? newest : columns.timeS[pointed]}
              buckets={buckets}
              earlier={earlier}
            />
          </p>
          <Chart
            quantity={quantity}
            range={range}
            columns={columns}
            startS={stretch.startMs / 1000}
            endS={stretch.endMs / 1000}
            words={words}
            onPoint={setPointed}
          />
          <p class="chart-words">{history.state === 'loading' ? 'Fetching the history…' : words}</p>
        </>
      )}
      <div class="control-row compare">
        <p class="control-name" aria-hidden="true">
          Compare with {range.beforeWords}
        </p>
        <Switch
          label={`Compare with ${range.beforeWords}`}
          on={compares}
          onPress={() => props.onCompares(!compares)}
        />
        <p class="control-state" role="status">
          {compares && comparison.state === 'loading' && 'Comparing…'}
          {compared && comparisonWords(quantity, range, compared)}
        </p>
        {comparison.state === 'failed' && <ProblemNote problem={comparison.problem} />}
      </div>
      {compared && earlier.length > 0 && <ChartKey range={range} quantity={quantity} />}
      {buckets.length > 0 && (
        <HistoryTable
          quantity={quantity}
          range={range}
          within={within}
          buckets={buckets}
          earlier={compared ? earlier : undefined}
          nowMs={nowMs}
        />
      )}
    </>
  );
}

const none: Bucket[] = [];

/** Which line is which. */
const ChartKey = ({ range, quantity }: { range: Range; quantity: Quantity }) => (
  <p class="chart-key" aria-hidden="true">
    <span class={`chart-key-now chart-key-${quantity.shape}`}>This time</span>
    <span class={`chart-key-earlier chart-key-${quantity.shape}`}>
      {upperFirst(range.beforeWords)}
    </span>
  </p>
);

/** What the pointer is at: the time, the value, how far it ranged, and what it was before. */
function PointWords(props: {
  view: View;
  timeS: number | undefined;
  buckets: readonly Bucket[];
  earlier: readonly Bucket[];
}): ComponentChildren {
  const { timeS, view } = props;
  const { quantity, range } = view;
  const at = (bucket: Bucket) => bucket.timeS === timeS;
  const bucket = props.buckets.find(at);
  const before = props.earlier.find(at);
  if (timeS === undefined || (!bucket && !before)) return '\u00a0';
  const say = (value: number) => sayQuantity(quantity, value);
  return (
    <>
      {upperFirst(bucketWords(range, stepOf(quantity, range).intervalS, timeS))}
      {bucket && ` · ${say(bucket.avg)}`}
      {bucket && bucket.min !== bucket.max && (
        <span>
          {' '}
          {showQuantity(quantity, bucket.min)} to {showQuantity(quantity, bucket.max)}
        </span>
      )}
      {before && (
        <span>
          {' · '}
          {range.beforeWords} {say(before.avg)}
        </span>
      )}
    </>
  );
}
