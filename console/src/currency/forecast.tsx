// The next days of a currency in won, with the interval they are expected in, and how far that can be trusted.
import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import { older } from "../core/behind";
import { toFloat } from "../core/decimal";
import * as format from "../core/format";
import { texts } from "../core/language";
import { colour } from "../core/theme";
import { Chart, type Drawing } from "../parts/chart";
import { Backtest } from "./backtest";
import { ContentWithEnoughData } from "./enough-data";
import { type Refresh, useRefreshed } from "./refresh";
import { type Row, secondsOf } from "./series";

const text = texts({
  ko: {
    title: "14일 예측",
    won: "예측은 항상 원화(KRW) 기준입니다",
    wonOnly: "예측은 원화 기준으로만 제공하므로 원화 자체의 예측은 없습니다.",
    rate: "환율",
    forecast: "예측",
    interval: (percent: string) => `${percent} 구간`,
    label: (unit: string, day: string, rate: string, low: string, high: string) =>
      `${unit}의 최근 3개월과 예측. ${day} 예측 ${rate}, 구간 ${low} ~ ${high}. 좌우 화살표 키로 값을 읽을 수 있습니다.`,
    advice: "참고용 통계이며 투자 조언이 아닙니다.",
  },
  en: {
    title: "14-day forecast",
    won: "Always in won (KRW)",
    wonOnly: "Forecasts are made in won only, so the won itself has none.",
    rate: "Rate",
    forecast: "Forecast",
    interval: (percent: string) => `${percent} interval`,
    label: (unit: string, day: string, rate: string, low: string, high: string) =>
      `${unit}, the last three months and the forecast. For ${day} the forecast is ${rate}, between ${low} and ${high}. Left and right arrow keys read values.`,
    advice: "Statistics for information, no advice.",
  },
});

interface ForecastWithPast {
  readonly past: readonly Row[];
  readonly ahead: Schemas["Forecast"];
  /** When the last rate of the one that is further behind was set. */
  readonly recordedAt: string | undefined;
}

export function ForecastCard({ code, refresh }: { code: string; refresh: Refresh }) {
  return (
    <section class="card" data-testid="forecast" aria-labelledby="forecast-title">
      <h2 id="forecast-title">{text().title}</h2>
      {code === "KRW" ? <p class="few">{text().wonOnly}</p> : <Asked code={code} refresh={refresh} />}
    </section>
  );
}

function Asked({ code, refresh }: { code: string; refresh: Refresh }) {
  const answer = useRefreshed(`forecast ${code}`, refresh, (signal) => load(code, signal), (data) => data.recordedAt);
  return <ContentWithEnoughData of={answer}>{(data) => <Drawn answer={data} />}</ContentWithEnoughData>;
}

async function load(code: string, signal: AbortSignal): Promise<ForecastWithPast> {
  const [ahead, past] = await Promise.all([
    get("/api/v1/history/forecast/{code}", { days: 14 }, { at: { code }, signal }),
    get("/api/v1/history", { target: code, base: "KRW", period: "3m", interval: "daily" }, { signal }),
  ]);
  // A new rate may come in between the two answers. A day that is forecast is not shown as past as well: a chart has each day once.
  const start = ahead.forecast[0]?.date;
  const before = past.results.filter(({ date }) => start === undefined || date < start);
  return { ahead, past: before, recordedAt: older(ahead.recorded_at, past.recorded_at) };
}

function Drawn({ answer }: { answer: ForecastWithPast }) {
  const at = useSignal<number | undefined>(undefined);
  const drawing = useMemo(() => draw(answer), [answer]);
  const { ahead } = answer;
  const last = ahead.forecast.at(-1);
  if (last === undefined) return null;
  const label = text().label(ahead.unit, format.day(last.date), format.rate(last.rate), format.rate(last.lower), format.rate(last.upper));
  return (
    <>
      <p class="faint note">
        {text().won} · {ahead.unit}
      </p>
      <ReadOut at={at} answer={answer} />
      <Chart drawing={drawing} label={label} at={at} say={(index) => pointText(answer, index)} testid="forecast-chart" />
      <Backtest forecast={ahead} />
      <p class="faint note">{text().advice}</p>
    </>
  );
}

function pointText({ past, ahead }: ForecastWithPast, index: number): string {
  const row = past[index];
  if (row !== undefined) return `${format.day(row.date)}: ${text().rate} ${format.rate(row.close)}`;
  const step = ahead.forecast[index - past.length];
  if (step === undefined) return "";
  const interval = `${text().interval(format.part(ahead.confidence_level))} ${format.rate(step.lower)} – ${format.rate(step.upper)}`;
  return `${format.day(step.date)}: ${text().forecast} ${format.rate(step.rate)}, ${interval}`;
}

function ReadOut({ at, answer }: { at: Signal<number | undefined>; answer: ForecastWithPast }) {
  const { past, ahead } = answer;
  const index = at.value ?? past.length + ahead.forecast.length - 1;
  const row = past[index];
  const step = ahead.forecast[index - past.length];
  return (
    <div class="readout">
      <strong>{format.day(row?.date ?? step?.date ?? "")}</strong>
      {row && (
        <span>
          <span class="faint">{text().rate}</span> <b>{format.rate(row.close)}</b>
        </span>
      )}
      {step && (
        <>
          <span>
            <span class="faint">{text().forecast}</span> <b>{format.rate(step.rate)}</b>
          </span>
          <span>
            <span class="faint">{text().interval(format.part(ahead.confidence_level))}</span> {format.rate(step.lower)} – {format.rate(step.upper)}
          </span>
        </>
      )}
    </div>
  );
}

function draw({ past, ahead }: ForecastWithPast): Drawing {
  const days = [...past.map(({ date }) => date), ...ahead.forecast.map(({ date }) => date)];
  const closes = past.map(({ close }) => toFloat(close));
  const [last] = closes.slice(-1);
  // The forecast starts at the last close, where the interval has no width yet.
  const before = past.map((_, index) => (index === past.length - 1 ? last : null));
  const after = (name: "rate" | "lower" | "upper"): (number | null | undefined)[] => [...before, ...ahead.forecast.map((step) => toFloat(step[name]))];
  const edge = { stroke: () => colour("--band"), width: 1, points: { show: false } };
  return {
    data: [days.map(secondsOf), [...closes, ...ahead.forecast.map(() => null)], after("rate"), after("upper"), after("lower")],
    series: [
      { stroke: () => colour("--line"), width: 2, points: { show: false } },
      { stroke: () => colour("--line"), width: 2, dash: [6, 5], points: { show: false } },
      edge,
      edge,
    ],
    bands: [{ series: [3, 4], fill: () => colour("--band") }],
    tick: format.tick,
  };
}
