// In which order currencies stand.
import { type Language, nameOf } from "../core/language";
import type { ChangedRate } from "./daily-change";

/** What people in Korea look for most comes first, as banks list it; the others follow by code. */
const major = ["USD", "JPY", "EUR", "CNY", "GBP", "HKD", "TWD", "VND", "THB", "AUD", "CAD", "CHF", "SGD", "NZD"];

export type Sort = "" | "name" | "-name" | "change" | "-change";

const sorts: readonly string[] = ["", "name", "-name", "change", "-change"] satisfies Sort[];
export const isSort = (value: string): value is Sort => sorts.includes(value);

/** What a press on a heading leads to: first the way most people want it, then the other way round, then the order of importance again. */
export const nextSort: Record<"name" | "change", Record<Sort, Sort>> = {
  name: { "": "name", name: "-name", "-name": "", change: "name", "-change": "name" },
  change: { "": "-change", "-change": "change", change: "", name: "-change", "-name": "-change" },
};

const place = (code: string): number => {
  const at = major.indexOf(code);
  return at === -1 ? major.length : at;
};

function byImportance({ rate: a }: ChangedRate, { rate: b }: ChangedRate): number {
  return place(a.currency_code) - place(b.currency_code) || (a.currency_code < b.currency_code ? -1 : 1);
}

/** Rates in an order; those without a change stand last in either order of changes. */
export function inOrder(rates: Iterable<ChangedRate>, sort: Sort, language: Language): ChangedRate[] {
  const important = [...rates].sort(byImportance);
  if (sort === "") return important;
  const sign = sort.startsWith("-") ? -1 : 1;
  if (sort.endsWith("name")) {
    const names = new Intl.Collator(language);
    return important.sort((a, b) => sign * names.compare(nameOf(a.rate), nameOf(b.rate)));
  }
  const percent = ({ change }: ChangedRate): number => Number(change?.percent ?? Number.NaN);
  return important.sort((a, b) => {
    const [first, second] = [percent(a), percent(b)];
    if (Number.isNaN(first) || Number.isNaN(second)) return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
    return sign * (first - second);
  });
}
