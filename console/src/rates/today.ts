// The rates of now.
import { get, type Schemas } from "../core/api";
import { type Polled, usePoll } from "../core/poll";
import { settings } from "../core/settings";

export type Rate = Schemas["CurrentRate"];
export type Currency = Schemas["KnownCurrency"];

export interface Today {
  /** Every currency there is, with or without a rate. */
  readonly known: readonly Currency[];
  readonly rates: ReadonlyMap<string, Rate>;
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
    const { rates } = await get("/api/v1/currencies/multiple", { symbols }, { signal });
    const text = JSON.stringify(rates);
    if (last?.text !== text) last = { text, today: { known, rates: new Map(rates.map((rate) => [rate.currency_code, rate])) } };
    return last.today;
  });
}
