// The rates of now.
import { get, type Schemas } from "../core/api";
import { type Polled, usePoll } from "../core/poll";
import { settings } from "../core/settings";

export type Rate = Schemas["CurrentRate"];
export type Currency = Schemas["KnownCurrency"];
/** A currency without a current rate that had one. */
export type Ended = NonNullable<Schemas["CurrentRates"]["ended"]>[number];

export interface Today {
  /** Every currency there is, with or without a rate. */
  readonly known: readonly Currency[];
  readonly rates: ReadonlyMap<string, Rate>;
  /** Those that have a rate no more, by code. */
  readonly ended: ReadonlyMap<string, Ended>;
  /** When the rates of those were set whose day is not the newest one, by code. */
  readonly otherDays: Readonly<Record<string, string>>;
}

// Which currencies there are changes with a release of the API, not while somebody looks.
let known: readonly Currency[] | undefined;
// While nothing has changed, the answer stays the same object, so that nothing that is made of it is made again.
let last: { readonly text: string; readonly today: Today } | undefined;

/** Asks for all known codes each time, so a currency appears with its first rate. */
export function useToday(): Polled<Today> {
  return usePoll("today", settings.value.poll_seconds, async (signal) => {
    known ??= (await get("/api/v1/currencies", undefined, { signal })).currencies;
    const symbols = known.map((currency) => currency.currency_code).join(",");
    const { rates, ended, other_days: otherDays } = await get("/api/v1/currencies/multiple", { symbols }, { signal });
    const text = JSON.stringify([rates, ended, otherDays]);
    if (last?.text !== text) {
      const byCode = <T extends { readonly currency_code: string }>(all: readonly T[]) => new Map(all.map((one) => [one.currency_code, one]));
      // The page and the API are deployed one after the other: an API of the release before says nothing of either.
      last = { text, today: { known, rates: byCode(rates), ended: byCode(ended ?? []), otherDays: otherDays ?? {} } };
    }
    return last.today;
  });
}
