// When blocks of the page ask anew. Histories change once a day, so only the head of the page asks all the time, and has the others refresh.
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../core/api";
import { isBehind, pausesSeconds } from "../core/behind";
import { type Polled, usePoll } from "../core/poll";

export interface Refresh {
  /** Another text with each new rate. */
  readonly news: string | undefined;
  /** When the newest rate was set. */
  readonly recordedAt: string | undefined;
  /** When the API answered last. */
  readonly at: number | undefined;
}

/**
 * Asks once, again with each new rate, and again after trouble as soon as the API answers. `recordedAt` says of an answer when the last of its rates was set:
 * one that does not know the newest rate yet is asked for again after a while.
 */
export function useRefreshed<T>(key: string, refresh: Refresh, load: (signal: AbortSignal) => Promise<T>, recordedAt?: (data: T) => string | null | undefined): Polled<T> {
  const polled = usePoll(key, 0, load);
  const known = useRef({ key, news: refresh.news });
  useEffect(() => {
    const { key: former, news } = known.current;
    known.current = { key, news: refresh.news ?? news };
    // Another question is asked by itself.
    const isNew = former === key && news !== undefined && known.current.news !== news;
    if (isNew || (polled.error !== undefined && mayPass(polled.error))) polled.again();
  }, [key, refresh.news, refresh.at]);

  const { data } = polled;
  const isLate = recordedAt !== undefined && data !== undefined && refresh.recordedAt !== undefined && isBehind(recordedAt(data), refresh.recordedAt);
  const tries = useRef(0);
  useEffect(() => {
    tries.current = 0;
  }, [key, refresh.news]);
  useEffect(() => {
    const pause = pausesSeconds[tries.current];
    if (!isLate || pause === undefined) return;
    const timer = setTimeout(() => {
      tries.current += 1;
      polled.again();
    }, pause * 1000);
    return () => clearTimeout(timer);
  }, [isLate, key, refresh.news, polled.at]);
  return polled;
}

/** A question that was refused for what it asks will be refused again. */
const mayPass = (error: Error): boolean => !(error instanceof ApiError) || error.status === 429 || error.status >= 500;

/** The last answer stays, marked as old, while the next question is on its way: the page is calmer without it going blank. */
export function useLastData<T>(polled: Polled<T>): { polled: Polled<T>; isOld: boolean } {
  const last = useRef<T | undefined>(undefined);
  if (polled.data !== undefined) last.current = polled.data;
  if (polled.error !== undefined && polled.data === undefined) last.current = undefined;
  const isOld = polled.data === undefined && last.current !== undefined;
  return { polled: isOld ? { ...polled, data: last.current } : polled, isOld };
}
