// Something the HTTP API answered, asked for again when it may have changed. The last good answer stays on the screen while
// a newer one is fetched, and when that fails the words of the failure stand beside it.

import { useEffect, useRef, useState } from 'preact/hooks';

export interface Fetched<T> {
  value: T | null;
  error: string;
  /** Status of the failure, 0 when the server could not be reached. */
  status: number;
  /** Asks again soon; many calls in a row ask once. */
  refresh(): void;
}

const SOON = 250;

export function useFetched<T>(load: (signal: AbortSignal) => Promise<T>, every: number): Fetched<T> {
  const [answer, setAnswer] = useState<Omit<Fetched<T>, 'refresh'>>({ value: null, error: '', status: 0 });
  const wanted = useRef<() => void>(() => {});
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    let busy = false;
    let again = false;
    const ask = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      clearTimeout(timer);
      try {
        const value = await load(abort.signal);
        if (!abort.signal.aborted) setAnswer({ value, error: '', status: 200 });
      } catch (e) {
        if (abort.signal.aborted) return;
        const status = (e as { status?: number }).status ?? 0;
        const error = status ? (e as Error).message : 'the server cannot be reached';
        setAnswer((before) => ({ value: before.value, error, status }));
      }
      busy = false;
      timer = window.setTimeout(ask, again ? SOON : every);
      again = false;
    };
    wanted.current = () => {
      clearTimeout(timer);
      if (busy) again = true;
      else timer = window.setTimeout(ask, SOON);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
      wanted.current = () => {};
    };
  }, []);
  return { ...answer, refresh: () => wanted.current() };
}
