// The rows of a chart as a table, the newest first.
import { useMemo } from "preact/hooks";
import * as format from "../core/format";
import { language, texts } from "../core/language";
import { direction } from "./difference";
import type { Interval, Series } from "./series";

const text = texts({
  ko: {
    caption: (unit: string) => `${unit} 값`,
    hour: "시각",
    day: "날짜",
    week: "주(월요일)",
    month: "월",
    rate: "환율",
    close: "종가",
    open: "시가",
    high: "고가",
    low: "저가",
    change: "기간 시작 대비",
    weekOf: (day: string) => `${day} 주`,
  },
  en: {
    caption: (unit: string) => `Values, ${unit}`,
    hour: "Time",
    day: "Date",
    week: "Week from",
    month: "Month",
    rate: "Rate",
    close: "Close",
    open: "Open",
    high: "High",
    low: "Low",
    change: "Since the start",
    weekOf: (day: string) => `Week of ${day}`,
  },
});

/** The time of a row in words. */
export function dateOf(date: string, interval: Interval): string {
  if (interval === "hourly") return format.moment(date, Date.now());
  if (interval === "monthly") return format.month(date);
  return interval === "weekly" ? text().weekOf(format.day(date)) : format.day(date);
}

export function SeriesTable({ series }: { series: Series }) {
  const { rows, interval, unit, hasChanges } = series;
  const isBucket = interval === "weekly" || interval === "monthly";
  const name = { hourly: text().hour, daily: text().day, weekly: text().week, monthly: text().month }[interval];
  // Up to 1,500 rows, which do not change while the cursor moves.
  const body = useMemo(
    () =>
      rows.toReversed().map((row) => (
        <tr key={row.date}>
          <th scope="row">{interval === "weekly" ? format.day(row.date) : dateOf(row.date, interval)}</th>
          <td class="number">{format.rate(row.close)}</td>
          {isBucket && (
            <>
              <td class="number">{format.rate(row.open)}</td>
              <td class="number">{format.rate(row.high)}</td>
              <td class="number">{format.rate(row.low)}</td>
            </>
          )}
          {hasChanges && <td class={`number ${direction(row.change_percent)}`}>{format.percent(row.change_percent)}</td>}
        </tr>
      )),
    [series, language.value],
  );
  return (
    <div class="scroll rows" tabIndex={0} role="region" aria-label={text().caption(unit)}>
      <table data-testid="series-table">
        <caption class="unseen">{text().caption(unit)}</caption>
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col" class="number">
              {isBucket ? text().close : text().rate}
            </th>
            {isBucket &&
              [text().open, text().high, text().low].map((title) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            {hasChanges && (
              <th scope="col" class="number">
                {text().change}
              </th>
            )}
          </tr>
        </thead>
        <tbody>{body}</tbody>
      </table>
    </div>
  );
}
