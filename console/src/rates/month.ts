// The last month of a currency, for the small line in its row. Asked when the row comes near, a few at a time, and again only when the currency has a newer rate.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, ApiError } from "../core/api";
import { isBehind, pausesSeconds } from "../core/behind";
import type { Decimal } from "../core/decimal";
import type { Point } from "../parts/sparkline";

/** A line, or `undefined` where the API has none. */
type Month = { readonly points: readonly Point[]; readonly percent: Decimal } | undefined;

/** `of` is the newest rate that the month ends with; nothing while a month is shown that does not know that rate yet. */
const cached = new Map<string, { readonly of: string | undefined; readonly month: Month }>();

// A browser opens six connections to a place; the rates and the converter shall not wait for small lines.
const atOnce = 3;
let asked = 0;
const waiting: (() => void)[] = [];

async function limited<T>(ask: () => Promise<T>): Promise<T> {
  if (asked < atOnce) asked += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await ask();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else asked -= 1;
  }
}

async function load(code: string, signal: AbortSignal): Promise<Month> {
  return limited(async () => {
    signal.throwIfAborted();
    try {
      const { results } = await get("/api/v1/history", { target: code, period: "1m" }, { signal });
      const last = results.at(-1);
      if (last === undefined || results.length < 2) return undefined;
      return { points: results.map(({ date, close }) => ({ date, value: close })), percent: last.change_percent };
    } catch (error) {
      // No rates, or too few of them.
      if (error instanceof ApiError && (error.status === 404 || error.status === 422)) return undefined;
      throw error;
    }
  });
}

/** The month of `code`, once `isNear`; "waiting" until it is known. `round` changes with each poll, so that a failure is tried again. */
export function useMonth(code: string, recordedAt: string, isNear: boolean, round: number | undefined): Month | "waiting" {
  const [month, setMonth] = useState<Month | "waiting">(() => (cached.has(code) ? cached.get(code)?.month : "waiting"));
  const [hasFailed, setFailed] = useState(false);
  const [late, setLate] = useState({ of: recordedAt, tries: 0 });
  const tries = late.of === recordedAt ? late.tries : 0;
  useEffect(() => {
    if (!isNear || cached.get(code)?.of === recordedAt) return;
    const abort = new AbortController();
    let timer: number | undefined;
    load(code, abort.signal).then(
      (month) => {
        const isLate = month !== undefined && isBehind(month.points.at(-1)?.date, recordedAt);
        cached.set(code, { of: isLate ? undefined : recordedAt, month });
        if (abort.signal.aborted) return;
        setMonth(month);
        setFailed(false);
        const pause = pausesSeconds[tries];
        if (isLate && pause !== undefined) timer = window.setTimeout(setLate, pause * 1000, { of: recordedAt, tries: tries + 1 });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        console.warn(`No last month of ${code}:`, error);
        setFailed(true);
      },
    );
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [code, recordedAt, isNear, tries, hasFailed && round]);
  return month;
}

/** Whether something has been near the visible part of the page. */
export function useNear(element: RefObject<Element | null>): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        setNear(true);
        observer.disconnect();
      },
      { rootMargin: "200px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return isNear;
}
