// One currency: its rate now, its history, statistics, forecast, and others beside it. Each block asks for itself, so a failing one leaves the rest.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, ApiError } from "../core/api";
import { nameOf, texts } from "../core/language";
import { type Polled, usePoll } from "../core/poll";
import { href } from "../core/route";
import { settings } from "../core/settings";
import { useSources } from "../core/source";
import { useSubject } from "../core/title";
import { ErrorNotice, PolledContent } from "../parts/polled-content";
import { countView } from "../ranking/click";
import "../styles/currency.css";
import "../styles/currency-compare.css";
import { choice as chosen } from "./choice";
import { CompareCard } from "./compare";
import { type Known, useKnown } from "./currencies";
import { ForecastCard } from "./forecast";
import { EndedHead, Head, WonHead } from "./head";
import { HistoryCard } from "./history";
import { type Refresh, useRefreshed } from "./refresh";
import { drawnView, loadSeries } from "./series";
import { type Statistics, StatisticsCard, useStatistics } from "./statistics";

const text = texts({
  ko: { back: "모든 환율", none: "주소에 통화 코드가 없습니다." },
  en: { back: "All rates", none: "The address names no currency." },
});

export default function Currency({ rest }: { rest: readonly string[] }) {
  const code = rest[0] ?? "";
  return (
    <div class="currency">
      <p class="back">
        <a href={href([])}>
          <span aria-hidden="true">←</span> {text().back}
        </a>
      </p>
      {code === "" ? <p>{text().none}</p> : code === "KRW" ? <Won key={code} /> : <Quoted key={code} code={code} />}
    </div>
  );
}

function Quoted({ code }: { code: string }) {
  const current = usePoll(code, settings.value.poll_seconds, (signal) => get("/api/v1/currencies/{code}", undefined, { at: { code }, signal }));
  const { data, error, at } = current;
  useSubject(data === undefined ? code : `${code} ${nameOf(data)}`);
  useSources(data?.source);
  const refresh = { news: data && `${data.recorded_at} ${data.deal_base_rate}`, recordedAt: data?.recorded_at, at };
  const last = data === undefined && error instanceof ApiError ? error.details?.last_date : undefined;
  // One that has a rate no more still has its history.
  if (last != null) {
    return (
      <Page code={code} refresh={refresh} of={{ ...current, data: last, error: undefined }}>
        {(day, _, __, known) => <EndedHead code={code} day={day} known={known} />}
      </Page>
    );
  }
  // A currency that does not exist has no history either.
  if (data === undefined && error instanceof ApiError && error.status < 500 && error.status !== 429) {
    return (
      <>
        <h1>{code}</h1>
        <ErrorNotice error={error} />
      </>
    );
  }
  return (
    <Page code={code} refresh={refresh} of={current}>
      {(rate, statistics, first) => <Head rate={rate} statistics={statistics} first={first} refresh={refresh} />}
    </Page>
  );
}

/** KRW is what others are priced in, so the API has no price of it; its own page shows what a unit of another currency costs. */
function Won() {
  const { base } = chosen("KRW");
  const latest = usePoll(base, settings.value.poll_seconds, (signal) => get("/api/v1/currencies/latest", { base, symbols: "KRW", inverse: true }, { signal }));
  const refresh = { news: latest.data && `${latest.data.recorded_at} ${latest.data.rates.KRW}`, recordedAt: latest.data?.recorded_at ?? undefined, at: latest.at };
  const known = useKnown(refresh);
  const won = known.data?.all.get("KRW");
  useSubject(won === undefined ? "KRW" : `KRW ${nameOf(won)}`);
  useSources(latest.data?.source);
  const names = { korean: won?.currency_name ?? "KRW", english: won?.currency_name_en ?? "KRW", symbol: won?.symbol ?? "" };
  return (
    <Page code="KRW" refresh={refresh} of={latest}>
      {(data, statistics, first) => <WonHead latest={data} names={names} statistics={statistics} first={first} />}
    </Page>
  );
}

interface PageProps<T> {
  code: string;
  refresh: Refresh;
  of: Polled<T>;
  children: (data: T, statistics: Polled<Statistics>, first: string, known: Known | undefined) => ComponentChildren;
}

function Page<T>({ code, refresh, of, children }: PageProps<T>) {
  const choice = chosen(code);
  const series = useRefreshed(`series ${code} ${choice.base} ${choice.isInverse} ${choice.period} ${drawnView(choice)}`, refresh, (signal) => loadSeries(choice, signal), (data) => data.recordedAt);
  const [isTime, setTime] = useState(false);
  // The head and the main chart are what people came for; the rest is asked when they have their answers.
  const isAnswered = (of.data ?? of.error) !== undefined && (series.data ?? series.error) !== undefined;
  // While nobody answers, one sentence about it is enough.
  const hasFirst = isAnswered && (of.data !== undefined || series.data !== undefined);
  useEffect(() => {
    if (hasFirst) setTime(true);
  }, [hasFirst]);
  const statistics = useStatistics(choice, refresh, isTime);
  const known = useKnown(refresh);
  const first = series.data?.rows[0]?.date.slice(0, 10) ?? "";
  const exists = of.data !== undefined;
  useEffect(() => {
    if (exists) void countView(code);
  }, [exists]);
  return (
    <>
      <section class="card head" data-testid="currency-head">
        <PolledContent of={of}>{(data) => children(data, statistics, first, known.data)}</PolledContent>
      </section>
      <HistoryCard choice={choice} series={series} known={known.data} />
      {isTime && (
        <>
          <div class="pair">
            <StatisticsCard of={statistics} first={first} period={choice.period} />
            <ForecastCard code={code} refresh={refresh} />
          </div>
          <CompareCard choice={choice} known={known.data} refresh={refresh} />
        </>
      )}
    </>
  );
}
