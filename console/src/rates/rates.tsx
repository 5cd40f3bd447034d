// All currencies' rates in won, how they changed, and a converter.
import { useMemo } from "preact/hooks";
import * as format from "../core/format";
import { language, texts } from "../core/language";
import type { Polled } from "../core/poll";
import { refine, route } from "../core/route";
import { settings } from "../core/settings";
import { useSources } from "../core/source";
import { PolledContent } from "../parts/polled-content";
import "../styles/rates.css";
import "../styles/rates-converter.css";
import "../styles/rates-narrow.css";
import { Converter } from "./converter";
import { useDailyChanges } from "./daily-change";
import { useHeldRates } from "./held-rates";
import { inOrder, isSort, type Sort } from "./order";
import { type Search, SearchField, useSearch } from "./search";
import { RatesTable } from "./table";
import { type Today, useToday } from "./today";
import { UnquotedCurrencies } from "./unquoted";

const text = texts({
  ko: {
    title: "원화 환율",
    converter: "환율 계산기로 가기",
    lead: "외화 1단위의 원화 가격입니다. JPY·IDR·VND는 100단위 기준입니다.",
    every: (seconds: number) => `${seconds}초마다 새로 확인합니다.`,
    found: (q: string, count: string) => `‘${q}’ 검색 결과 ${count}개`,
    all: (count: string) => `통화 ${count}개`,
    nothing: (q: string) => `‘${q}’에 해당하는 통화가 없습니다.`,
    noneRated: "찾으신 통화는 오늘 환율이 없습니다.",
    base: "원화(KRW)는 모든 환율의 기준 통화입니다.",
    replay: "과거 환율이 하루씩 차례로 들어오는 환경입니다. 오늘의 환율이 아닙니다.",
    overdue: (count: string) => `갱신 지연 ${count}개: 출처가 새 환율을 냈어야 할 때가 지났지만 아직 받지 못했습니다.`,
  },
  en: {
    title: "Rates in Korean won",
    converter: "To the converter",
    lead: "What one unit of a currency costs in won; JPY, IDR and VND are quoted for 100.",
    every: (seconds: number) => `Checked every ${seconds} seconds.`,
    found: (q: string, count: string) => `${count} found for “${q}”`,
    all: (count: string) => `${count} currencies`,
    nothing: (q: string) => `No currency is called like “${q}”.`,
    noneRated: "What you are looking for has no rate today.",
    base: "All rates are in the Korean won (KRW).",
    replay: "Days of the past go by here one after the other. These are not today's rates.",
    overdue: (count: string) => `${count} overdue: their source should have set newer rates by now, but none have come in.`,
  },
});

export default function Rates() {
  const today = useToday();
  const { query } = route.value;
  const q = query.get("q") ?? "";
  const search = useSearch(q);
  const asked = query.get("sort") ?? "";
  const sort = isSort(asked) ? asked : "";
  const refineTo = (next: { q: string; sort: Sort }): void => refine(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "")));
  useSources(today.data && [...today.data.rates.values()].map(({ source }) => source).join(","));
  const seconds = settings.value.poll_seconds;
  return (
    <div class="rates">
      <div class="heading">
        <h1>{text().title}</h1>
        <p class="faint">
          {text().lead} {seconds > 0 && text().every(seconds)}
        </p>
        <button type="button" class="to-converter" onClick={() => document.getElementById("convert-amount")?.focus()}>
          {text().converter}
        </button>
      </div>
      <div class="board">
        <div class="row above">
          <SearchField q={q} search={search} ask={(next) => refineTo({ q: next, sort })} />
          <Count search={search} today={today.data} />
        </div>
        <Board today={today} search={search} sort={sort} setSort={(next) => refineTo({ q, sort: next })} />
      </div>
      <Converter of={today.data} at={today.at} />
    </div>
  );
}

function Count({ search: { hits, of }, today }: { search: Search; today: Today | undefined }) {
  const says = hits === undefined || today === undefined ? "" : hits === "all" ? text().all(format.count(today.rates.size)) : text().found(of, format.count(hits.size));
  return (
    <p class="faint count" role="status">
      {says}
    </p>
  );
}

function Board({ today, search, sort, setSort }: { today: Polled<Today>; search: Search; sort: Sort; setSort: (sort: Sort) => void }) {
  const { hits } = search;
  const since = useDailyChanges(today.data?.rates, today.at);
  const held = useHeldRates();
  const isHit = (code: string): boolean => hits === "all" || hits?.has(code) === true;
  const rates = useMemo(
    () => inOrder([...since.values()].filter(({ rate }) => isHit(rate.currency_code)), sort, language.value),
    [since, hits, sort, language.value],
  );
  // An address that asks for something already waits for its answer; rows that vanish would be a surprise.
  const shown: Polled<Today> = hits === undefined ? { ...today, data: undefined } : today;
  return (
    <PolledContent of={shown}>
      {({ known, rates: all, ended, otherDays }) => {
        const without = known.filter(({ currency_code: code }) => code !== "KRW" && !all.has(code) && isHit(code));
        // Where past days are replayed all rates are old, and none is late.
        const overdue = settings.value.replay ? 0 : rates.filter(({ rate }) => rate.stale).length;
        const isSought = hits !== "all";
        return (
          <>
            {settings.value.replay && <p class="faint">{text().replay}</p>}
            {overdue > 0 && <p class="overdue">{text().overdue(format.count(overdue))}</p>}
            {rates.length > 0 && <RatesTable rates={rates} sort={sort} setSort={setSort} at={today.at} otherDays={otherDays} held={held} />}
            {isSought && isHit("KRW") && <p>{text().base}</p>}
            {isSought && rates.length === 0 && without.length > 0 && <p>{text().noneRated}</p>}
            {hits !== "all" && hits?.size === 0 && <p>{text().nothing(search.of)}</p>}
            <UnquotedCurrencies currencies={without} ended={ended} isSought={isSought && rates.length === 0} />
          </>
        );
      }}
    </PolledContent>
  );
}
