// The main chart: the history of a pair as a line or as candles, read at a cursor or as a table.
import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { toFloat } from "../core/decimal";
import * as format from "../core/format";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";
import { sourceName } from "../core/source";
import { colour } from "../core/theme";
import { candles, candleSeries } from "../parts/candles";
import { Chart, type Drawing } from "../parts/chart";
import type { Choice } from "./choice";
import { Controls } from "./controls";
import type { Known } from "./currencies";
import { Difference } from "./difference";
import { ContentWithEnoughData } from "./enough-data";
import { useLastData } from "./refresh";
import { type Interval, type Row, secondsOf, type Series } from "./series";
import { dateOf, SeriesTable } from "./table";

const text = texts({
  ko: {
    title: "환율 추이",
    close: "종가",
    open: "시가",
    high: "고가",
    low: "저가",
    rate: "환율",
    none: "이 기간에는 값이 없습니다.",
    label: (unit: string, from: string, to: string, first: string, last: string, low: string, high: string) =>
      `${unit} 차트, ${from}부터 ${to}까지. 처음 ${first}, 마지막 ${last}, 최저 ${low}, 최고 ${high}. 좌우 화살표 키로 값을 읽을 수 있습니다.`,
    weekly: "한 주를 캔들 하나로 묶었습니다. 하루 한 번 고시되는 환율은 일봉으로는 모양이 없기 때문입니다.",
    monthly: "한 달을 캔들 하나로 묶었습니다. 하루 한 번 고시되는 환율은 일봉으로는 모양이 없기 때문입니다.",
    hollow: "빈 봉은 상승, 채워진 봉은 하락입니다.",
    weeklyLine: "주별 종가입니다.",
    keys: "차트를 누르거나 ←/→ 키로 값을 읽습니다.",
    source: "출처",
  },
  en: {
    title: "History",
    close: "Close",
    open: "Open",
    high: "High",
    low: "Low",
    rate: "Rate",
    none: "There are no values in this period.",
    label: (unit: string, from: string, to: string, first: string, last: string, low: string, high: string) =>
      `Chart of ${unit} from ${from} to ${to}. First ${first}, last ${last}, lowest ${low}, highest ${high}. Left and right arrow keys read values.`,
    weekly: "Each candle is a week: a rate that is set once a day has flat daily candles.",
    monthly: "Each candle is a month: a rate that is set once a day has flat daily candles.",
    hollow: "Hollow is a rise, filled a fall.",
    weeklyLine: "Closes of weeks.",
    keys: "Point at the chart or use ←/→ to read values.",
    source: "Source",
  },
});

export function HistoryCard({ choice, series, known }: { choice: Choice; series: Polled<Series>; known: Known | undefined }) {
  const { polled, isOld } = useLastData(series);
  return (
    <section class="card history" aria-labelledby="history-title" aria-busy={isOld}>
      <h2 id="history-title" class="unseen">
        {text().title}
      </h2>
      <Controls choice={choice} known={known} />
      <div class={isOld ? "waiting" : "ready"}>
        <ContentWithEnoughData of={polled}>{(data) => (data.rows.length === 0 ? <p class="few">{text().none}</p> : <Drawn series={data} choice={choice} />)}</ContentWithEnoughData>
      </div>
    </section>
  );
}

function Drawn({ series, choice }: { series: Series; choice: Choice }) {
  const at = useSignal<number | undefined>(undefined);
  const drawing = useMemo(() => draw(series), [series]);
  const { rows, unit, interval } = series;
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return null;
  const low = rows.reduce((found, row) => (toFloat(row.low) < toFloat(found.low) ? row : found), first).low;
  const high = rows.reduce((found, row) => (toFloat(row.high) > toFloat(found.high) ? row : found), first).high;
  const [from, to] = [dateOf(first.date, interval), dateOf(last.date, interval)];
  const label = text().label(unit, from, to, format.rate(first.close), format.rate(last.close), format.rate(low), format.rate(high));
  return (
    <>
      <ReadOut at={at} series={series} />
      <Chart drawing={drawing} label={label} at={at} say={(index) => pointText(rows[index], interval, unit)} testid="chart" />
      <p class="faint note">
        {series.view === "candles" && `${interval === "monthly" ? text().monthly : text().weekly} ${text().hollow}`}
        {series.view === "line" && interval === "weekly" && text().weeklyLine}{" "}
        {text().keys} {text().source}: {sourceName(series.source)}
      </p>
      {choice.isTable && <SeriesTable series={series} />}
    </>
  );
}

function pointText(row: Row | undefined, interval: Interval, unit: string): string {
  if (row === undefined) return "";
  const isOne = interval === "daily" || interval === "hourly";
  const values = isOne ? "" : `, ${text().open} ${format.rate(row.open)}, ${text().high} ${format.rate(row.high)}, ${text().low} ${format.rate(row.low)}`;
  return `${dateOf(row.date, interval)}: ${text().close} ${format.rate(row.close)} ${unit}${values}`;
}

/** The numbers at the cursor; the last ones while there is none. A component of its own, because it changes with each step of the cursor. */
function ReadOut({ at, series }: { at: Signal<number | undefined>; series: Series }) {
  const row = series.rows[at.value ?? series.rows.length - 1];
  if (row === undefined) return null;
  const isBucket = series.interval === "weekly" || series.interval === "monthly";
  return (
    <div class="readout" data-testid="readout">
      <span class="unit">{series.unit}</span>
      <strong>{dateOf(row.date, series.interval)}</strong>
      <span>
        <span class="faint">{isBucket ? text().close : text().rate}</span> <b>{format.rate(row.close)}</b>
      </span>
      {isBucket && (
        <>
          <span>
            <span class="faint">{text().open}</span> {format.rate(row.open)}
          </span>
          <span>
            <span class="faint">{text().high}</span> {format.rate(row.high)}
          </span>
          <span>
            <span class="faint">{text().low}</span> {format.rate(row.low)}
          </span>
        </>
      )}
      {series.hasChanges && <Difference percent={row.change_percent} />}
    </div>
  );
}

function draw({ rows, view, interval }: Series): Drawing {
  const times = rows.map(({ date }) => secondsOf(date));
  const column = (name: "open" | "high" | "low" | "close"): number[] => rows.map((row) => toFloat(row[name]));
  if (view === "candles") {
    const margin = (interval === "monthly" ? 20 : 5) * 86_400;
    return { data: [times, column("open"), column("high"), column("low"), column("close")], series: candleSeries, plugins: [candles], tick: format.tick, margin, isDotless: true };
  }
  return {
    data: [times, column("close")],
    series: [{ stroke: () => colour("--line"), fill: () => colour("--band"), width: 2, points: { show: rows.length < 9, size: 6, fill: () => colour("--line") } }],
    tick: format.tick,
    isHourly: interval === "hourly",
  };
}
