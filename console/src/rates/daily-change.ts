// Each rate's change since the business day before its own.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../core/api";
import { dayBefore } from "../core/day";
import { type Change, changeOf } from "./change";
import type { Rate } from "./today";

/** A rate with its own change; without one where there is none, and where it cannot be known now. */
export interface ChangedRate {
  readonly rate: Rate;
  readonly change: Change | undefined;
}

/** Rates of an earlier day by code. */
type Rates = Readonly<Record<string, Rate["deal_base_rate"]>>;

interface Earlier {
  /** The codes that were asked for. */
  readonly asked: ReadonlySet<string>;
  readonly rates: Rates;
}

/**
 * `rates` with their changes. While the change of a new rate is being asked for, the former rate stays with its change. `round` changes with each poll, so that a
 * failure is tried again.
 */
export function useDailyChanges(rates: ReadonlyMap<string, Rate> | undefined, round: number | undefined): ReadonlyMap<string, ChangedRate> {
  const [before, hasFailed] = useEarlier(rates, round);
  const former = useRef<ReadonlyMap<string, ShownRate>>(new Map());
  return useMemo(() => {
    const now = new Map<string, ShownRate>();
    for (const rate of rates?.values() ?? []) {
      const code = rate.currency_code;
      const earlier = before.get(dayBefore(rate.recorded_at));
      const isSettled = hasFailed || earlier?.asked.has(code) === true;
      now.set(code, shownRate(rate, isSettled ? (earlier?.rates ?? {}) : undefined, former.current.get(code)));
    }
    return (former.current = now);
  }, [rates, before, hasFailed]);
}

/** What is shown of a currency, and the newer rate that waits for its change. */
export interface ShownRate extends ChangedRate {
  readonly waiting?: string;
}

/** What to show of `rate` after `former`; `earlier` are rates of the day before, `undefined` while they are being asked for. */
export function shownRate(rate: Rate, earlier: Rates | undefined, former: ShownRate | undefined): ShownRate {
  if (earlier !== undefined) {
    const base = earlier[rate.currency_code];
    return { rate, change: base === undefined ? undefined : changeOf(rate.deal_base_rate, base, rate.customary_unit) };
  }
  // Only one newer rate waits: where rates come faster than their changes, rates are what people came for.
  const isFirst = former?.waiting === undefined || former.waiting === rate.recorded_at;
  if (former?.change !== undefined && isFirst) return { rate: former.rate, change: former.change, waiting: rate.recorded_at };
  return { rate, change: undefined };
}

/**
 * By the day asked for, so that a rate of a new day is never compared with what an older one was compared with; and whether the last question failed. One question
 * for all rates that were set on one day: usually one in all, and one more for a currency that was quoted for the last time long ago.
 */
function useEarlier(rates: ReadonlyMap<string, Rate> | undefined, round: number | undefined): [ReadonlyMap<string, Earlier>, boolean] {
  const [before, setBefore] = useState<ReadonlyMap<string, Earlier>>(new Map());
  const [hasFailed, setFailed] = useState(false);
  const questions = useMemo(() => {
    const codes = new Map<string, string[]>();
    for (const rate of rates?.values() ?? []) {
      const day = dayBefore(rate.recorded_at);
      codes.set(day, [...(codes.get(day) ?? []), rate.currency_code]);
    }
    return [...codes].map(([date, codes]) => ({ date, codes }));
  }, [rates]);

  useEffect(() => {
    const open = questions.filter(({ date, codes }) => !codes.every((code) => before.get(date)?.asked.has(code)));
    if (open.length === 0) return;
    const abort = new AbortController();
    const { signal } = abort;
    const ask = ({ date, codes }: { date: string; codes: readonly string[] }) => get("/api/v1/history/rates", { date, symbols: codes.join(",") }, { signal });
    void Promise.allSettled(open.map(ask)).then((answers) => {
      if (signal.aborted) return;
      const known = new Map([...before].filter(([date]) => questions.some((question) => question.date === date)));
      answers.forEach((answer, at) => {
        const question = open[at];
        if (answer.status === "rejected") console.warn("No rates of the day before:", answer.reason);
        else if (question) known.set(question.date, { asked: new Set(question.codes), rates: answer.value.rates });
      });
      setBefore(known);
      setFailed(answers.some((answer) => answer.status === "rejected"));
    });
    return () => abort.abort();
    // What was asked for the same days stays true. Only after a failure the next poll asks again.
  }, [JSON.stringify(questions), hasFailed && round]);
  return [before, hasFailed];
}
