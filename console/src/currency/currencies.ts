// All currencies: how they are called, and which of them have a rate.
import { get, type Schemas } from "../core/api";
import { nameOf } from "../core/language";
import type { Polled } from "../core/poll";
import { type Refresh, useRefreshed } from "./refresh";

export type KnownCurrency = Schemas["KnownCurrency"];

export interface Known {
  readonly all: ReadonlyMap<string, KnownCurrency>;
  readonly quoted: ReadonlySet<string>;
}

export function useKnown(refresh: Refresh): Polled<Known> {
  return useRefreshed("known", refresh, async (signal) => {
    const [{ currencies }, { rates }] = await Promise.all([get("/api/v1/currencies", undefined, { signal }), get("/api/v1/currencies/latest", undefined, { signal })]);
    return { all: new Map(currencies.map((currency) => [currency.currency_code, currency])), quoted: new Set(["KRW", ...Object.keys(rates)]) };
  });
}

/** A currency's name in the shown language; nothing until names are here. */
export function knownName(known: Known | undefined, code: string): string {
  const found = known?.all.get(code);
  return found === undefined ? "" : nameOf(found);
}
