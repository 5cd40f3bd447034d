// Asking again and again, while somebody looks.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Polled<T> {
  /** The last good answer. It stays while later ones fail. */
  readonly data: T | undefined;
  /** Why the last question failed, when it did. */
  readonly error: Error | undefined;
  /** When the last good answer came, in milliseconds since 1970. */
  readonly at: number | undefined;
  /** Asks now, or once more as soon as the question that is on its way has ended. */
  readonly again: () => void;
}

/**
 * Asks `load` now and every `seconds` while the page is visible; once when `seconds` is 0. A change of `key` forgets the answer and asks anew, and an answer that
 * comes late for a former key is dropped.
 */
export function usePoll<T>(key: string, seconds: number, load: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, "again"> & { key: string }>({ key, data: undefined, error: undefined, at: undefined });
  const latest = useRef(load);
  latest.current = load;
  const ask = useRef<() => void>(() => {});

  useEffect(() => {
    const abort = new AbortController();
    let timer: number | undefined;
    let isAsking = false;
    let isWanted = false;
    const run = async (): Promise<void> => {
      if (abort.signal.aborted) return;
      if (isAsking) {
        // The answer that is on its way may be older than the reason to ask.
        isWanted = true;
        return;
      }
      isAsking = true;
      clearTimeout(timer);
      try {
        const data = await latest.current(abort.signal);
        if (!abort.signal.aborted) setState({ key, data, error: undefined, at: Date.now() });
      } catch (error) {
        if (!abort.signal.aborted) {
          const reason = error instanceof Error ? error : new Error(String(error));
          setState((last) => ({ ...(last.key === key ? last : { data: undefined, at: undefined }), key, error: reason }));
        }
      }
      isAsking = false;
      if (isWanted) {
        isWanted = false;
        void run();
        return;
      }
      if (seconds > 0 && !abort.signal.aborted && !document.hidden) timer = window.setTimeout(run, seconds * 1000);
    };
    const shown = (): void => {
      if (!document.hidden && seconds > 0) void run();
    };
    ask.current = () => void run();
    document.addEventListener("visibilitychange", shown);
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key, seconds]);

  const again = useCallback(() => ask.current(), []);
  const { data, error, at } = state.key === key ? state : { data: undefined, error: undefined, at: undefined };
  return { data, error, at, again };
}
