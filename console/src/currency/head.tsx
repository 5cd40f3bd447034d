// The head of the page: what one currency costs now, since when, and from whom.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import { dayBefore } from "../core/day";
import * as format from "../core/format";
import { language, texts } from "../core/language";
import type { Polled } from "../core/poll";
import { settings } from "../core/settings";
import { sourceName } from "../core/source";
import { type ShownRate, shownRate } from "../rates/daily-change";
import { lastRateNotice } from "../rates/unquoted";
import type { Known } from "./currencies";
import { Difference } from "./difference";
import { type Refresh, useRefreshed } from "./refresh";

const text = texts({
  ko: {
    before: "전일 대비",
    since: (from: string) => `${from} 이후`,
    tts: "송금 보낼 때(TTS)",
    ttb: "송금 받을 때(TTB)",
    source: "출처",
    recorded: "고시 시각",
    stale: "갱신 지연",
    staleWhy: "출처의 고시 일정보다 오래된 값입니다",
    won: "원화는 다른 통화의 값을 매기는 기준이므로, 다른 통화에 대한 값을 보여 줍니다.",
    units: (count: string, code: string) => `${count} ${code}`,
  },
  en: {
    before: "Since the day before",
    since: (from: string) => `Since ${from}`,
    tts: "You send (TTS)",
    ttb: "You receive (TTB)",
    source: "Source",
    recorded: "Set at",
    stale: "overdue",
    staleWhy: "Older than the source's own schedule allows",
    won: "Other currencies are priced in won here, so the won itself is shown against another currency.",
    units: (count: string, code: string) => `${count} ${code}`,
  },
});

export function Names({ code, korean, english, symbol }: { code: string; korean: string; english: string; symbol: string }) {
  const isKorean = language.value === "ko";
  return (
    <div class="names">
      <h1>
        {isKorean ? korean : english} <span class="code">{code}</span>
      </h1>
      <p class="faint">
        <span lang={isKorean ? "en" : "ko"}>{isKorean ? english : korean}</span>
        {symbol !== code && symbol !== "" && <span class="symbol"> · {symbol}</span>}
      </p>
    </div>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Whose rate it is and since when; a list in which only its own base is asked for has no such time. */
type Provenance = { source: string; recorded_at?: string | null; stale: boolean };

function Origin({ of }: { of: Provenance }) {
  return (
    <>
      <Fact name={text().source}>{sourceName(of.source)}</Fact>
      <Fact name={text().recorded}>
        {of.recorded_at && <time dateTime={of.recorded_at}>{format.moment(of.recorded_at, Date.now())}</time>}{" "}
        {of.stale && !settings.value.replay && (
          <span class="badge warn" title={text().staleWhy}>
            {text().stale}
            <span class="unseen">: {text().staleWhy}</span>
          </span>
        )}
      </Fact>
    </>
  );
}

/** The change over the shown period, of the shown pair. */
function PeriodChange({ of, first }: { of: Polled<Schemas["Statistics"]>; first: string }) {
  if (of.data === undefined) return null;
  const { unit, from, current_rate, period_change, period_change_percent } = of.data;
  return (
    <Fact name={text().since(format.day(later(from, first)))}>
      <Difference absolute={period_change} percent={period_change_percent} rate={current_rate} /> <span class="faint">{unit}</span>
    </Fact>
  );
}

/** A period may begin before the first value that is stored. */
export const later = (from: string, first: string): string => (first > from ? first : from);

type Current = Schemas["CurrentRate"];

interface HeadProps {
  statistics: Polled<Schemas["Statistics"]>;
  /** The day of the first value in the shown period. */
  first: string;
}

export function Head({ rate: newest, statistics, first, refresh }: HeadProps & { rate: Current; refresh: Refresh }) {
  const { currency_code: code, customary_unit: units } = newest;
  const before = dayBefore(newest.recorded_at);
  const earlier = useRefreshed(`before ${code} ${before}`, refresh, (signal) => get("/api/v1/history/rates", { date: before, symbols: code }, { signal }));
  const former = useRef<ShownRate>(undefined);
  const { rate, change } = (former.current = shownRate(newest, earlier.data?.rates ?? (earlier.error && {}), former.current));
  return (
    <>
      <Names code={code} korean={rate.currency_name} english={rate.currency_name_en} symbol={rate.symbol} />
      <div class="price">
        <p class="now" data-testid="rate">
          <strong>{format.rate(rate.unit_rate)}</strong>{" "}
          <span class="unit">
            KRW <span class="faint">/ {text().units(format.count(units), code)}</span>
          </span>
        </p>
        {change !== undefined && (
          <p class="since">
            <span class="faint">{text().before}</span> <Difference absolute={change.absolute} percent={change.percent} rate={rate.unit_rate} />
          </p>
        )}
      </div>
      <dl class="facts">
        <PeriodChange of={statistics} first={first} />
        {rate.tts != null && <Fact name={text().tts}>{format.rate(rate.tts)}</Fact>}
        {rate.ttb != null && <Fact name={text().ttb}>{format.rate(rate.ttb)}</Fact>}
        <Origin of={rate} />
      </dl>
    </>
  );
}

type Latest = Schemas["LatestRates"];

/** KRW has no price in KRW; what a unit of another currency costs says the same. */
export function WonHead({ latest, names, statistics, first }: HeadProps & { latest: Latest; names: { korean: string; english: string; symbol: string } }) {
  const rate = latest.rates.KRW;
  return (
    <>
      <Names code="KRW" {...names} />
      <div class="price">
        {rate !== undefined && (
          <p class="now" data-testid="rate">
            <strong>{format.rate(rate)}</strong>{" "}
            <span class="unit">
              KRW <span class="faint">/ 1 {latest.base}</span>
            </span>
          </p>
        )}
        <p class="since faint">{text().won}</p>
      </div>
      <dl class="facts">
        <PeriodChange of={statistics} first={first} />
        <Origin of={latest} />
      </dl>
    </>
  );
}

/** A currency that has a rate no more: its last day, above the history that it has. */
export function EndedHead({ code, day, known }: { code: string; day: string; known: Known | undefined }) {
  const found = known?.all.get(code);
  return (
    <>
      <Names code={code} korean={found?.currency_name ?? code} english={found?.currency_name_en ?? code} symbol={found?.symbol ?? ""} />
      <p data-testid="ended-head">{lastRateNotice(code, day)}</p>
    </>
  );
}
