// The series of a pair, as one answer or, for a long time, as several in a row.
import { get, type Schemas } from "../core/api";
import { toFloat } from "../core/decimal";
import { type Choice, hasCandles } from "./choice";

export type Row = Schemas["SeriesRow"];
export type Interval = Schemas["IntervalName"];

export interface Series {
  readonly unit: string;
  readonly interval: Interval;
  readonly view: Choice["view"];
  readonly source: string;
  /** When the last of its rates was set. */
  readonly recordedAt: string | undefined;
  readonly rows: readonly Row[];
  /** Whether `change_percent` is against the period's first day: not where points are weeks or months. */
  readonly hasChanges: boolean;
}

type Pair = Pick<Choice, "code" | "base" | "isInverse">;

export const drawnView = (choice: Choice): Choice["view"] => (hasCandles(choice.period) ? choice.view : "line");

/** Points a day apart are flat candles where a source has one rate a day, so candles are of a week or a month. */
function intervalOf(choice: Choice): Interval {
  if (choice.period === "1d") return "hourly";
  const isCandles = drawnView(choice) === "candles";
  if (choice.period === "all") return isCandles ? "monthly" : "weekly";
  return isCandles ? "weekly" : "daily";
}

export async function loadSeries(choice: Choice, signal: AbortSignal): Promise<Series> {
  const query = { ...pairQuery(choice), interval: intervalOf(choice) };
  const answers =
    choice.period === "all"
      ? await Promise.all(decades(new Date()).map((range) => get("/api/v1/history", { ...query, ...range }, { signal })))
      : [await get("/api/v1/history", { ...query, period: choice.period }, { signal })];
  const filled = answers.filter(({ results }) => results.length > 0);
  return {
    unit: answers[0]?.unit ?? "",
    interval: query.interval,
    view: drawnView(choice),
    source: [...new Set(filled.flatMap(({ source }) => source?.split(",") ?? []))].join(","),
    recordedAt: filled.at(-1)?.recorded_at ?? undefined,
    rows: filled.flatMap(({ results }) => results).reduce(joined, []),
    hasChanges: query.interval === "daily" || query.interval === "hourly",
  };
}

export const pairQuery = ({ code, base, isInverse }: Pair) => ({ target: code, base, ...(isInverse ? { inverse: true } : {}) });

/** The ECB's first year. */
const firstYear = 1999;

/** Ranges of ten years, the longest that the API answers at once, up to today. */
function decades(now: Date): { from: string; to: string }[] {
  const ranges: { from: string; to: string }[] = [];
  for (let year = firstYear; year <= now.getUTCFullYear(); year += 10) {
    const end = year + 9 < now.getUTCFullYear() ? `${year + 9}-12-31` : now.toISOString().slice(0, 10);
    ranges.push({ from: `${year}-01-01`, to: end });
  }
  return ranges;
}

/** A week that two ranges share is in both answers. */
function joined(rows: Row[], row: Row): Row[] {
  const last = rows.at(-1);
  if (last?.date !== row.date) {
    rows.push(row);
    return rows;
  }
  const high = toFloat(last.high) > toFloat(row.high) ? last.high : row.high;
  const low = toFloat(last.low) < toFloat(row.low) ? last.low : row.low;
  rows[rows.length - 1] = { ...row, open: last.open, high, low };
  return rows;
}

/** The time of a row, in seconds since 1970. */
export const secondsOf = (date: string): number => Date.parse(date) / 1000;
