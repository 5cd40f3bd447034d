// When blocks of the page ask anew. Histories change once a day, so only the head of the page asks all the time, and tells the others.
import { useEffect, useRef } from "preact/hooks";
import { Refused } from "../core/api";
import { isBehind, pausesSeconds } from "../core/behind";
import { type Polled, usePoll } from "../core/poll";

export interface Pulse {
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
export function useSeldom<T>(key: string, pulse: Pulse, load: (signal: AbortSignal) => Promise<T>, recordedAt?: (data: T) => string | null | undefined): Polled<T> {
  const polled = usePoll(key, 0, load);
  const known = useRef({ key, news: pulse.news });
  useEffect(() => {
    const { key: former, news } = known.current;
    known.current = { key, news: pulse.news ?? news };
    // Another question is asked by itself.
    const isNew = former === key && news !== undefined && known.current.news !== news;
    if (isNew || (polled.error !== undefined && mayPass(polled.error))) polled.again();
  }, [key, pulse.news, pulse.at]);

  const { data } = polled;
  const isLate = recordedAt !== undefined && data !== undefined && pulse.recordedAt !== undefined && isBehind(recordedAt(data), pulse.recordedAt);
  const tries = useRef(0);
  useEffect(() => {
    tries.current = 0;
  }, [key, pulse.news]);
  useEffect(() => {
    const pause = pausesSeconds[tries.current];
    if (!isLate || pause === undefined) return;
    const timer = setTimeout(() => {
      tries.current += 1;
      polled.again();
    }, pause * 1000);
    return () => clearTimeout(timer);
  }, [isLate, key, pulse.news, polled.at]);
  return polled;
}

/** A question that was refused for what it asks will be refused again. */
const mayPass = (error: Error): boolean => !(error instanceof Refused) || error.status === 429 || error.status >= 500;

/** The last answer stays, marked as old, while the next question is on its way: the page is calmer without it going blank. */
export function useKept<T>(polled: Polled<T>): { polled: Polled<T>; isOld: boolean } {
  const kept = useRef<T | undefined>(undefined);
  if (polled.data !== undefined) kept.current = polled.data;
  if (polled.error !== undefined && polled.data === undefined) kept.current = undefined;
  const isOld = polled.data === undefined && kept.current !== undefined;
  return { polled: isOld ? { ...polled, data: kept.current } : polled, isOld };
}
