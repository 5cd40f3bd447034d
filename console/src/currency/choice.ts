// What somebody chose to see of a currency. It lives in the address, so that a link shows the same.
import { refine, route } from "../core/route";

export const periods = ["1d", "1w", "1m", "3m", "6m", "1y", "all"] as const;
export type Period = (typeof periods)[number];

export interface Choice {
  readonly code: string;
  readonly period: Period;
  readonly view: "line" | "candles";
  readonly base: string;
  readonly isInverse: boolean;
  readonly isTable: boolean;
  /** The currencies beside `code`. */
  readonly beside: readonly string[];
}

/** How many can be compared, `code` among them; the API says so. */
export const most = 10;

const isPeriod = (value: string | null): value is Period => periods.some((period) => period === value);
const isCode = (value: string | null): value is string => value !== null && /^[A-Z]{3}$/.test(value);
const defaultBase = (code: string): string => (code === "KRW" ? "USD" : "KRW");

/** Days are too few for candles: a source with one rate a day has flat ones. */
export const hasCandles = (period: Period): boolean => period !== "1d" && period !== "1w";

export function choice(code: string): Choice {
  const { query } = route.value;
  const [period, base, inverse, compare] = [query.get("period"), query.get("base"), query.get("inverse"), query.get("compare")];
  const chosenBase = isCode(base) && base !== code ? base : defaultBase(code);
  const others = compare === null ? ["USD", "EUR", "JPY", "CNY"].filter((other) => other !== code && other !== chosenBase).slice(0, 3) : compare.split(",");
  return {
    code,
    period: isPeriod(period) ? period : "3m",
    view: query.get("view") === "candles" ? "candles" : "line",
    base: chosenBase,
    // People ask what a dollar costs in won, not what a won costs in dollars.
    isInverse: inverse === null ? code === "KRW" : inverse === "true",
    isTable: query.get("table") === "true",
    beside: [...new Set(others)].filter((other) => isCode(other) && other !== code && other !== chosenBase).slice(0, most - 1),
  };
}

/** Changes some of it in the address; what is as without asking is left out there, so that addresses stay short. */
export function choose(code: string, next: Partial<Pick<Choice, "period" | "view" | "base" | "isInverse" | "isTable" | "beside">>): void {
  const query = new Map(route.value.query);
  const put = (name: string, value: string | undefined, usual: string): void => {
    if (value === undefined) return;
    if (value === usual) query.delete(name);
    else query.set(name, value);
  };
  put("period", next.period, "3m");
  put("view", next.view, "line");
  put("base", next.base, defaultBase(code));
  put("inverse", next.isInverse === undefined ? undefined : String(next.isInverse), String(code === "KRW"));
  put("table", next.isTable === undefined ? undefined : String(next.isTable), "false");
  put("compare", next.beside?.join(","), "-");
  refine(Object.fromEntries(query));
}
