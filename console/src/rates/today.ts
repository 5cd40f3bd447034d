// The rates of now, and those of the day before.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import { type Polled, usePoll } from "../core/poll";
import { settings } from "../core/settings";
import { type Change, changeOf } from "./change";

export type Rate = Schemas["CurrentRate"];
export type Currency = Schemas["KnownCurrency"];

export interface Today {
  /** Every currency there is, with or without a rate. */
  readonly known: readonly Currency[];
  readonly rates: ReadonlyMap<string, Rate>;
}

// Which currencies there are changes with a release of the API, not while somebody looks.
let known: readonly Currency[] | undefined;

/** Asks for all known codes each time, so a currency appears with its first rate. */
export function useToday(): Polled<Today> {
  return usePoll("today", settings.value.poll_seconds, async (signal) => {
    known ??= (await get("/api/v1/currencies", undefined, { signal })).currencies;
    const symbols = known.map((currency) => currency.currency_code).join(",");
    const { rates } = await get("/api/v1/currencies/multiple", { symbols }, { signal });
    return { known, rates: new Map(rates.map((rate) => [rate.currency_code, rate])) };
  });
}

/** The UTC day before an instant's, as the API counts days. */
const dayBefore = (instant: string): string => new Date(Date.parse(`${instant.slice(0, 10)}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

/** Rates by code. */
type Rates = Readonly<Record<string, Rate["deal_base_rate"]>>;

/**
 * Each rate's change since the business day before its own. One question for all rates that were set on one day: usually one in all, and one more for a currency
 * that was quoted for the last time long ago.
 */
export function useChanges(rates: ReadonlyMap<string, Rate> | undefined): ReadonlyMap<string, Change> {
  // By the day asked for, so that a rate of a new day is never compared with what an older one was compared with.
  const [before, setBefore] = useState<ReadonlyMap<string, { asked: string; rates: Rates }>>(new Map());
  const questions = useMemo(() => {
    const codes = new Map<string, string[]>();
    for (const rate of rates?.values() ?? []) {
      const day = dayBefore(rate.recorded_at);
      codes.set(day, [...(codes.get(day) ?? []), rate.currency_code]);
    }
    return [...codes].map(([date, codes]) => ({ date, symbols: codes.join(",") }));
  }, [rates]);
  const [hasFailed, setFailed] = useState(false);

  useEffect(() => {
    const open = questions.filter(({ date, symbols }) => before.get(date)?.asked !== symbols);
    if (open.length === 0) return;
    const abort = new AbortController();
    const { signal } = abort;
    void Promise.allSettled(open.map((question) => get("/api/v1/history/rates", question, { signal }))).then((answers) => {
      if (signal.aborted) return;
      const known = new Map([...before].filter(([date]) => questions.some((question) => question.date === date)));
      answers.forEach((answer, at) => {
        const question = open[at];
        if (answer.status === "rejected") console.warn("No rates of the day before:", answer.reason);
        else if (question) known.set(question.date, { asked: question.symbols, rates: answer.value.rates });
      });
      setBefore(known);
      setFailed(answers.some((answer) => answer.status === "rejected"));
    });
    return () => abort.abort();
    // `rates` are new with each poll, and what was asked for the same days stays true. Only after a failure the next poll asks again.
  }, [JSON.stringify(questions), hasFailed && rates]);

  return useMemo(() => {
    const changes = new Map<string, Change>();
    for (const rate of rates?.values() ?? []) {
      const earlier = before.get(dayBefore(rate.recorded_at))?.rates[rate.currency_code];
      if (earlier !== undefined) changes.set(rate.currency_code, changeOf(rate.deal_base_rate, earlier, rate.customary_unit));
    }
    return changes;
  }, [rates, before]);
}
