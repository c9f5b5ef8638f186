import { useEffect } from 'preact/hooks';
import { api } from '../api.ts';
import { useLoad, useNow, useObservable } from '../hooks.ts';
import { metricOf, sayValue, showValue } from '../metrics.ts';
import { useSession } from '../session.ts';
import { startOfDayMs } from '../time.ts';
import { ProblemNote } from './problem-note.tsx';

/** The day so far in numbers: energy, and the lowest, average and highest of each metric. */
export function TodayCard(props: { deviceId: string; metrics: readonly string[] }) {
  const { deviceId } = props;
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const minute = useNow(60_000);
  const dayStartMs = startOfDayMs(minute + clockOffsetMs);
  const [day, reload] = useLoad(
    () => api.statistics(deviceId, dayStartMs),
    `${deviceId} ${dayStartMs}`,
  );
  // Asked again as each minute passes.
  useEffect(() => reload(), [minute, reload]);

  const statistics = day.state === 'loaded' ? day.value.metrics : {};
  // An average of On and Off, which the hub counts as 1 and 0, would tell nobody anything.
  const metrics = props.metrics.filter((name) => typeof statistics[name]?.avg === 'number');
  const energy = day.state === 'loaded' ? day.value.energy_kwh : undefined;
  return (
    <section class="card today" aria-labelledby="today">
      <h2 id="today">Today</h2>
      {day.state === 'failed' && <ProblemNote problem={day.problem} />}
      {day.state === 'loading' && <p class="quiet">Adding up the day…</p>}
      {day.state === 'loaded' && metrics.length === 0 && (
        <p class="quiet">No readings today yet.</p>
      )}
      {typeof energy === 'number' && (
        <p class="energy">
          <span class="number">{sayValue('energy', energy)}</span> used since midnight
        </p>
      )}
      {metrics.length > 0 && (
        <div class="table-scroll">
          <table>
            <caption class="visually-hidden">Lowest, average and highest of today</caption>
            <thead>
              <tr>
                <th scope="col">
                  <span class="visually-hidden">Metric</span>
                </th>
                <th scope="col">Lowest</th>
                <th scope="col">Average</th>
                <th scope="col">Highest</th>
              </tr>
            </thead>
            <tbody>
              {metrics.map((metric) => (
                <tr key={metric}>
                  <th scope="row">
                    {metricOf(metric).label} <span class="unit">{metricOf(metric).unit}</span>
                  </th>
                  <td>{say(metric, statistics[metric]?.min)}</td>
                  <td>{say(metric, statistics[metric]?.avg)}</td>
                  <td>{say(metric, statistics[metric]?.max)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const say = (metric: string, value: number | null | undefined): string =>
  typeof value === 'number' ? showValue(metric, value).text : '–';
