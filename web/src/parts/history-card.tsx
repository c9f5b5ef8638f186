import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { useHistory } from '../history.ts';
import { useNow, useObservable } from '../hooks.ts';
import { metricOf, sayValue, showValue } from '../metrics.ts';
import { day, type Range } from '../range.ts';
import { type Bucket, summarise, toColumns } from '../series.ts';
import { useSession } from '../session.ts';
import { clockSeconds, clockTime, dayAndTime, weekday } from '../time.ts';
import { Chart } from './chart.tsx';
import { HistoryTable } from './history-table.tsx';
import { MetricChoice } from './metric-choice.tsx';
import { ProblemNote } from './problem-note.tsx';
import { RangeChoice } from './range-choice.tsx';

/** A metric over time: the moving chart, and the same in words and in a table. */
export function HistoryCard(props: {
  deviceId: string;
  /** The numbers of the device, the most telling first, with their values now. */
  values: readonly (readonly [metric: string, value: number])[];
}) {
  const [chosen, setChosen] = useState('');
  const [range, setRange] = useState<Range>(day);
  const metrics = props.values.map(([name]) => name);
  const metric = metrics.includes(chosen) ? chosen : (metrics[0] ?? '');
  return (
    <section class="card history" aria-labelledby="history">
      <h2 id="history">History</h2>
      <div class="choices">
        <MetricChoice metrics={metrics} value={metric} onValue={setChosen} />
        <RangeChoice value={range} onValue={setRange} />
      </div>
      <History
        key={`${metric} ${range.key}`}
        deviceId={props.deviceId}
        metric={metric}
        range={range}
        current={props.values.find(([name]) => name === metric)?.[1]}
      />
    </section>
  );
}

function History(props: {
  deviceId: string;
  metric: string;
  range: Range;
  current: number | undefined;
}) {
  const { metric, range } = props;
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const history = useHistory(props.deviceId, metric, range);
  const endS =
    Math.ceil((useNow(5_000) + clockOffsetMs) / 1000 / range.intervalS) * range.intervalS;
  const buckets = history.state === 'loaded' ? history.value : none;
  const columns = useMemo(() => toColumns(buckets, range.intervalS), [buckets, range]);
  const [pointed, setPointed] = useState<number>();
  const words = describe(metric, range, buckets, props.current, endS * 1000);

  if (history.state === 'failed') return <ProblemNote problem={history.problem} />;
  return (
    <>
      <p class="chart-readout" aria-hidden="true">
        {pointWords(metric, range, buckets, columns.timeS[pointed ?? columns.timeS.length - 1])}
      </p>
      <Chart
        metric={metric}
        range={range}
        columns={columns}
        startS={endS - range.lengthS}
        endS={endS}
        words={words}
        onPoint={setPointed}
      />
      <p class="chart-words">{history.state === 'loading' ? 'Fetching the history…' : words}</p>
      {buckets.length > 0 && (
        <HistoryTable metric={metric} range={range} buckets={buckets} nowMs={endS * 1000} />
      )}
    </>
  );
}

const none: Bucket[] = [];

/** The chart in a few words, for those who cannot see it and for those who want only the gist. */
function describe(
  metric: string,
  range: Range,
  buckets: readonly Bucket[],
  current: number | undefined,
  nowMs: number,
): string {
  const { label } = metricOf(metric);
  const summary = summarise(buckets);
  if (!summary) return `No readings of ${label} in ${range.words}.`;
  const at = (timeS: number) => dayAndTime(timeS * 1000, nowMs);
  return (
    `${label} in ${range.words}: latest ${sayValue(metric, current ?? summary.latest)}, ` +
    `lowest ${sayValue(metric, summary.min)} (${at(summary.minS)}), ` +
    `highest ${sayValue(metric, summary.max)} (${at(summary.maxS)}).`
  );
}

/** What the pointer is at: the time, the value and, where they differ, the lowest and highest. */
function pointWords(
  metric: string,
  range: Range,
  buckets: readonly Bucket[],
  timeS: number | undefined,
): ComponentChildren {
  const bucket = buckets.find((candidate) => candidate.timeS === timeS);
  if (!bucket) return '\u00a0';
  const timeMs = bucket.timeS * 1000;
  const time =
    range.key === '7d'
      ? `${weekday(timeMs)}, ${clockTime(timeMs)}`
      : range.key === '1h'
        ? clockSeconds(timeMs)
        : clockTime(timeMs);
  return (
    <>
      {time} · {sayValue(metric, bucket.avg)}
      {bucket.min !== bucket.max && (
        <span>
          {' '}
          {showValue(metric, bucket.min).text} to {showValue(metric, bucket.max).text}
        </span>
      )}
    </>
  );
}
