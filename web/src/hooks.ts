import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Observable } from './observable.ts';
import { type Problem, toProblem } from './problem.ts';

/** The value of an observable; the component is drawn again when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  const [value, setValue] = useState(observable.value);
  useEffect(() => {
    setValue(() => observable.value);
    return observable.subscribe((next) => setValue(() => next));
  }, [observable]);
  return value;
}

/** The browser's clock in milliseconds, renewed every `periodMs`, for words such as "5 minutes ago". */
export function useNow(periodMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), periodMs);
    return () => clearInterval(timer);
  }, [periodMs]);
  return nowMs;
}

export interface Action<Arguments extends readonly unknown[]> {
  readonly run: (...given: Arguments) => Promise<void>;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
}

/** Something a person sets off: one at a time, with its problem kept to be shown. */
export function useAction<Arguments extends readonly unknown[]>(
  action: (...given: Arguments) => Promise<void>,
): Action<Arguments> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const newest = useRef(action);
  newest.current = action;
  const run = useCallback(async (...given: Arguments) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await newest.current(...given);
    } catch (thrown) {
      setProblem(toProblem(thrown));
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { run, busy, problem };
}

export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'loaded'; readonly value: T }
  | { readonly state: 'failed'; readonly problem: Problem };

/**
 * Loads something whenever `key` changes, and again when `reload` is called; an answer that comes
 * after its question was withdrawn is dropped. While it loads again the old value stays.
 */
export function useLoad<T>(
  load: () => Promise<T>,
  key: string,
): readonly [Loaded<T>, reload: () => void] {
  const [loaded, setLoaded] = useState<{ key: string; answer: Loaded<T> }>();
  const [round, setRound] = useState(0);
  const newest = useRef(load);
  newest.current = load;
  // `round` is among the inputs because it is what asks for another go.
  useEffect(() => {
    let dropped = false;
    const keep = (answer: Loaded<T>) => {
      if (!dropped) setLoaded({ key, answer });
    };
    newest.current().then(
      (value) => keep({ state: 'loaded', value }),
      (thrown) => keep({ state: 'failed', problem: toProblem(thrown) }),
    );
    return () => {
      dropped = true;
    };
  }, [key, round]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  return [loaded?.key === key ? loaded.answer : { state: 'loading' }, reload];
}

/**
 * As `useLoad`, and asked for again whenever `news` is another: after a change that was heard of, or
 * once the connection is back.
 */
export function useFresh<T>(
  load: () => Promise<T>,
  key: string,
  news: string | number,
): readonly [Loaded<T>, reload: () => void] {
  const [loaded, reload] = useLoad(load, key);
  const seen = useRef(news);
  useEffect(() => {
    if (seen.current === news) return;
    seen.current = news;
    reload();
  }, [news, reload]);
  return [loaded, reload];
}
