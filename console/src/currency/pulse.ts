// When blocks of the page ask anew. Histories change once a day, so only the head of the page asks all the time, and tells the others.
import { useEffect, useRef } from "preact/hooks";
import { Refused } from "../core/api";
import { type Polled, usePoll } from "../core/poll";

export interface Pulse {
  /** Another text with each new rate. */
  readonly news: string | undefined;
  /** When the API answered last. */
  readonly at: number | undefined;
}

/** Asks once, again with each new rate, and again after trouble as soon as the API answers. */
export function useSeldom<T>(key: string, pulse: Pulse, load: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const polled = usePoll(key, 0, load);
  const known = useRef(pulse.news);
  useEffect(() => {
    if (pulse.news === undefined) return;
    if (known.current !== undefined && known.current !== pulse.news) polled.again();
    known.current = pulse.news;
  }, [pulse.news]);
  useEffect(() => {
    if (polled.error !== undefined && mayPass(polled.error)) polled.again();
  }, [pulse.at]);
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
