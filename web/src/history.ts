import { useEffect, useState } from 'preact/hooks';
import { api } from './api.ts';
import { type Loaded, useLoad, useObservable } from './hooks.ts';
import type { Range } from './range.ts';
import { addReading, type Bucket, readBuckets } from './series.ts';
import { useSession } from './session.ts';

/**
 * The history of one metric, kept up to date by the live readings. When the connection was lost
 * and is back, history is asked for again, as readings were missed.
 */
export function useHistory(deviceId: string, metric: string, range: Range): Loaded<Bucket[]> {
  const { live } = useSession();
  const { connection } = useObservable(live.state);
  const key = `${deviceId} ${metric} ${range.key}`;
  const [loaded, reload] = useLoad(async () => {
    const rows = await api.history(
      deviceId,
      metric,
      hubNowMs() - range.lengthS * 1000,
      range.interval,
    );
    return readBuckets(rows, metric);
  }, key);
  const [buckets, setBuckets] = useState<Bucket[]>([]);

  const hubNowMs = () => Date.now() + live.state.value.clockOffsetMs;
  const loadedBuckets = loaded.state === 'loaded' ? loaded.value : undefined;
  useEffect(() => setBuckets(loadedBuckets ?? []), [loadedBuckets]);

  const isLive = connection === 'live';
  const [wasLost, setWasLost] = useState(false);
  useEffect(() => {
    if (!isLive) setWasLost(true);
    else if (wasLost) {
      setWasLost(false);
      reload();
    }
  }, [isLive, wasLost, reload]);

  useEffect(
    () =>
      live.onReading((reading) => {
        const value = reading.values[metric];
        if (reading.deviceId !== deviceId || typeof value !== 'number') return;
        const startS = (Date.now() + live.state.value.clockOffsetMs) / 1000 - range.lengthS;
        const point = { timeS: reading.timeMs / 1000, value };
        setBuckets((before) => addReading(before, point, range.intervalS, startS));
      }),
    [live, deviceId, metric, range],
  );

  return loaded.state === 'loaded' ? { state: 'loaded', value: buckets } : loaded;
}
