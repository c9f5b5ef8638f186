import { useEffect, useState } from 'preact/hooks';
import { api } from './api.ts';
import { type Compared, comparedOf } from './comparison.ts';
import { type Loaded, useLoad, useNow, useObservable } from './hooks.ts';
import { type Quantity, stepOf } from './quantity.ts';
import { dayS, hourS, type Range, type Stretch, stretchOf } from './range.ts';
import { addReading, type Bucket, readBuckets } from './series.ts';
import { useSession } from './session.ts';

/** What a chart is about. */
export interface View {
  readonly deviceId: string;
  readonly quantity: Quantity;
  readonly range: Range;
  /** Where it ends; undefined for now, and then it moves on by itself. */
  readonly endMs: number | undefined;
}

const keyOf = ({ deviceId, quantity, range, endMs }: View): string =>
  `${deviceId} ${quantity.metric} ${range.key} ${endMs ?? ''}`;

const askedOf = ({ deviceId, quantity, range }: View, { startMs, endMs }: Stretch) => ({
  deviceId,
  metric: quantity.metric,
  aggregates: quantity.aggregates,
  startMs,
  endMs,
  interval: stepOf(quantity, range).interval,
});

/** What a chart shows of time, by the hub's clock. */
export function useStretch(view: View): Stretch {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(5_000) + clockOffsetMs;
  return stretchOf(view.range, stepOf(view.quantity, view.range), view.endMs ?? nowMs);
}

/**
 * A metric over time. What ends now is kept up to date: a fine line by the live readings, anything
 * else by asking again as minutes pass. When the connection was lost and is back, history is asked
 * for again, as readings were missed.
 */
export function useHistory(view: View): Loaded<Bucket[]> {
  const { live } = useSession();
  const { connection } = useObservable(live.state);
  const { deviceId, quantity, range, endMs } = view;
  const { metric } = quantity;
  const { intervalS } = stepOf(quantity, range);
  const isNow = endMs === undefined;
  // Hours and days begin where the home's calendar has it, which only the hub knows.
  const isFolded = isNow && quantity.shape === 'line' && intervalS < hourS;
  const [loaded, reload] = useLoad(async () => {
    const hubNowMs = Date.now() + live.state.value.clockOffsetMs;
    const stretch = stretchOf(range, stepOf(quantity, range), endMs ?? hubNowMs);
    const rows = await api.history(askedOf(view, stretch));
    return readBuckets(rows, metric, quantity.aggregates[0]);
  }, keyOf(view));
  const [folded, setFolded] = useState<{ into: Bucket[]; buckets: Bucket[] }>();
  const asked = loaded.state === 'loaded' ? loaded.value : undefined;

  const isLive = connection === 'live';
  const [wasLost, setWasLost] = useState(false);
  useEffect(() => {
    if (!isLive) setWasLost(true);
    else if (wasLost) {
      setWasLost(false);
      reload();
    }
  }, [isLive, wasLost, reload]);

  const minute = useMinute();
  useEffect(() => {
    if (minute > 0 && isNow && !isFolded) reload();
  }, [minute, isNow, isFolded, reload]);

  useEffect(() => {
    if (!isFolded || asked === undefined) return;
    return live.onReading((reading) => {
      const value = reading.values[metric];
      if (reading.deviceId !== deviceId || typeof value !== 'number') return;
      const startS = (Date.now() + live.state.value.clockOffsetMs) / 1000 - range.lengthS;
      const point = { timeS: reading.timeMs / 1000, value };
      setFolded((before) => {
        const buckets = before?.into === asked ? before.buckets : asked;
        return { into: asked, buckets: addReading(buckets, point, intervalS, startS) };
      });
    });
  }, [live, deviceId, metric, range, intervalS, isFolded, asked]);

  return folded !== undefined && folded.into === asked
    ? { state: 'loaded', value: folded.buckets }
    : loaded;
}

/** The same time before, and how the two compare; nothing until `isWanted`. */
export function useComparison(view: View, isWanted: boolean): Loaded<Compared | undefined> {
  const { live } = useSession();
  const { quantity, range, endMs } = view;
  const [loaded, reload] = useLoad(
    async () => {
      if (!isWanted) return undefined;
      const hubNowMs = Date.now() + live.state.value.clockOffsetMs;
      const stretch = stretchOf(range, stepOf(quantity, range), endMs ?? hubNowMs);
      const { intervalS } = stepOf(quantity, range);
      // The days that are to come today are not held against those of the time before.
      const until = intervalS >= dayS ? Math.min(stretch.endMs, hubNowMs) : stretch.endMs;
      const asked = askedOf(view, { ...stretch, endMs: until });
      const aggregates = [...asked.aggregates, ...(quantity.total === 'area' ? ['energy'] : [])];
      const answer = await api.comparison({ ...asked, aggregates }, range.compare);
      return comparedOf(quantity, answer);
    },
    `${keyOf(view)} ${isWanted}`,
  );
  const minute = useMinute();
  const moves = isWanted && endMs === undefined;
  useEffect(() => {
    if (minute > 0 && moves) reload();
  }, [minute, moves, reload]);
  return loaded;
}

/** How many minutes the page has been open. */
function useMinute(): number {
  const [startMs] = useState(() => Date.now());
  return Math.floor((useNow(60_000) - startMs) / 60_000);
}
