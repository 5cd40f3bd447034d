// What the daily closes of a period say in numbers.
import { get, type Schemas } from "../core/api";
import * as format from "../core/format";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";
import type { Choice } from "./choice";
import { Difference } from "./difference";
import { ContentWithEnoughData } from "./enough-data";
import { Fact, later } from "./head";
import { type Refresh, useRefreshed } from "./refresh";
import { pairQuery } from "./series";

const text = texts({
  ko: {
    title: "통계",
    range: (from: string, to: string) => `${from} ~ ${to} 일별 종가`,
    atMost: "통계는 최근 10년까지 계산합니다.",
    average: "평균",
    min: "최저",
    max: "최고",
    change: "기간 변동",
    volatility: "일간 변동성",
    annualized: "연환산 변동성",
    trend: "추세",
    up: "오르는 추세",
    down: "내리는 추세",
    stable: "뚜렷한 추세 없음",
    points: "데이터 수",
    days: (count: string) => `${count}일`,
    none: "값이 적어 계산하지 않음",
    definition: "일간 변동성은 하루 로그수익률의 표준편차이고, 연환산은 여기에 이 환율의 1년 관측 수의 제곱근을 곱한 값입니다. 추세는 하루 로그수익률의 평균이 0이라는 가설이 유의수준 5%의 양측 t 검정에서 기각될 때만 그 부호로 말합니다.",
  },
  en: {
    title: "Statistics",
    range: (from: string, to: string) => `Daily closes, ${from} – ${to}`,
    atMost: "Statistics go back ten years at most.",
    average: "Average",
    min: "Lowest",
    max: "Highest",
    change: "Change",
    volatility: "Daily volatility",
    annualized: "Annualised volatility",
    trend: "Trend",
    up: "Rising",
    down: "Falling",
    stable: "No clear trend",
    points: "Data points",
    days: (count: string) => `${count} days`,
    none: "too few values",
    definition:
      "Daily volatility is the standard deviation of daily log returns; annualised it is multiplied by the square root of how many observations this rate has a year. A trend is the sign of their mean, named only where a two-sided t test at 5 % rejects that it is zero.",
  },
});

export type Statistics = Schemas["Statistics"];

export function useStatistics(choice: Choice, refresh: Refresh, isTime: boolean): Polled<Statistics> {
  const { code, base, isInverse, period } = choice;
  // The head and the chart come first; until then nothing is asked.
  const ask = async (signal: AbortSignal): Promise<Statistics | undefined> => {
    if (!isTime) return undefined;
    return get("/api/v1/history/stats", { ...pairQuery(choice), ...(period === "all" ? { from: tenYearsBefore(new Date()) } : { period }) }, { signal });
  };
  const { data, error, at, again } = useRefreshed(`stats ${code} ${base} ${isInverse} ${period} ${isTime}`, refresh, ask, (answer) => answer?.recorded_at);
  return { data, error, at, again };
}

function tenYearsBefore(now: Date): string {
  const from = new Date(now);
  from.setUTCFullYear(from.getUTCFullYear() - 10);
  return from.toISOString().slice(0, 10);
}

export function StatisticsCard({ of, first, period }: { of: Polled<Statistics>; first: string; period: Choice["period"] }) {
  return (
    <section class="card" data-testid="stats" aria-labelledby="statistics-title">
      <h2 id="statistics-title">{text().title}</h2>
      <ContentWithEnoughData of={of}>{(statistics) => <Numbers of={statistics} first={first} isCut={period === "all"} />}</ContentWithEnoughData>
    </section>
  );
}

function Numbers({ of, first, isCut }: { of: Statistics; first: string; isCut: boolean }) {
  const volatility = (value: Statistics["volatility"]) => (value == null ? <span class="faint">{text().none}</span> : `${format.money(value, 2)}%`);
  return (
    <>
      <p class="faint note">
        {text().range(format.day(later(of.from, first)), format.day(of.to))}. {of.unit}. {isCut && text().atMost}
      </p>
      <dl class="numbers">
        <Fact name={text().average}>{format.rate(of.period_average)}</Fact>
        <Fact name={text().change}>
          <Difference absolute={of.period_change} percent={of.period_change_percent} rate={of.current_rate} />
        </Fact>
        <Fact name={text().min}>
          {format.rate(of.period_min)} <small class="faint">{format.day(of.period_min_date)}</small>
        </Fact>
        <Fact name={text().max}>
          {format.rate(of.period_max)} <small class="faint">{format.day(of.period_max_date)}</small>
        </Fact>
        <Fact name={text().volatility}>{volatility(of.volatility)}</Fact>
        <Fact name={text().annualized}>{volatility(of.volatility_annualized)}</Fact>
        <Fact name={text().trend}>{text()[of.trend_direction]}</Fact>
        <Fact name={text().points}>{text().days(format.count(of.data_points))}</Fact>
      </dl>
      <p class="faint note">{text().definition}</p>
    </>
  );
}
