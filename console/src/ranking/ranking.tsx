// Which countries' currencies people look at.
import { useEffect, useRef } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import * as format from "../core/format";
import { texts } from "../core/language";
import { usePoll } from "../core/poll";
import { href, refine, route } from "../core/route";
import { settings } from "../core/settings";
import { PolledContent } from "../parts/polled-content";
import "../styles/ranking.css";
import { CountryStats } from "./country";
import { RankingTable } from "./table";

type Period = "daily" | "weekly" | "monthly";
const periods: readonly Period[] = ["daily", "weekly", "monthly"];

const text = texts({
  ko: {
    title: "관심 통화 순위",
    lead: "통화 화면을 열어 본 횟수를 나라별로 셉니다. 하루는 한국 시간(KST) 자정에 시작합니다.",
    period: "기간",
    daily: "오늘",
    weekly: "이번 주",
    monthly: "이번 달",
    totals: (clicks: string, countries: string) => `조회 ${clicks}회 · ${countries}개국`,
    empty: { daily: "오늘은 아직 조회가 없습니다.", weekly: "이번 주에는 아직 조회가 없습니다.", monthly: "이번 달에는 아직 조회가 없습니다." },
    how: "환율 표에서 통화를 하나 열면 1회로 셉니다.",
    rates: "환율 보러 가기",
    choose: "나라를 누르면 최근 30일의 조회 수가 여기에 나옵니다.",
    earlier: "이전",
    later: "다음",
    pages: "쪽 이동",
    place: (from: string, to: string, of: string) => `${of}개국 중 ${from}–${to}`,
    beyond: "이 쪽에는 나라가 없습니다.",
  },
  en: {
    title: "Most viewed currencies",
    lead: "How often a currency's page was opened, by country. A day begins at midnight in Korea (KST).",
    period: "Period",
    daily: "Today",
    weekly: "This week",
    monthly: "This month",
    totals: (clicks: string, countries: string) => `Views: ${clicks} · Countries: ${countries}`,
    empty: { daily: "Nobody has looked at a currency today.", weekly: "Nobody has looked at a currency this week.", monthly: "Nobody has looked at a currency this month." },
    how: "Opening a currency in the table of rates counts as one view.",
    rates: "To the rates",
    choose: "Choose a country to see its last 30 days here.",
    earlier: "Previous",
    later: "Next",
    pages: "Pages",
    place: (from: string, to: string, of: string) => `${from}–${to} of ${of} countries`,
    beyond: "There are no countries on this page.",
  },
});

const limit = 50;

export default function Ranking({ rest: [country] }: { rest: readonly string[] }) {
  const { query } = route.value;
  const period = periods.find((name) => name === query.get("period")) ?? "daily";
  const offset = Math.max(0, Number.parseInt(query.get("offset") ?? "", 10) || 0);
  const asked = { ...(period !== "daily" && { period }) };
  const page = usePoll(`${period} ${offset}`, settings.value.poll_seconds, (signal) => get("/api/v1/rankings", { period, limit, offset }, { signal }));
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
  }, []);
  return (
    <div class="ranking">
      <div class="board">
        <h1>{text().title}</h1>
        <p class="faint">{text().lead}</p>
        <div class="row above">
          <div class="row" role="group" aria-label={text().period}>
            {periods.map((name) => (
              <button key={name} type="button" aria-pressed={name === period} onClick={() => refine(name === "daily" ? {} : { period: name })}>
                {text()[name]}
              </button>
            ))}
          </div>
          <p class="faint span" role="status">
            {page.data && span(page.data)}
          </p>
        </div>
        <PolledContent of={page}>
          {(data) =>
            data.ranking.length > 0 ? (
              <>
                <RankingTable of={data} selected={country} query={asked} />
                <Pages of={data.pagination} go={(next) => refine({ ...asked, ...(next > 0 && { offset: String(next) }) })} />
              </>
            ) : (
              <Nothing of={data} />
            )
          }
        </PolledContent>
      </div>
      {country === undefined ? (
        page.data && page.data.ranking.length > 0 && <p class="hint faint">{text().choose}</p>
      ) : (
        <CountryStats key={country} code={country} close={href(["ranking"], asked)} isChosen={isHere.current} />
      )}
    </div>
  );
}

/** Which days, and the totals. */
function span({ from, to, totals }: Schemas["RankingPage"]): string {
  const days = from === to ? format.day(from) : `${format.day(from)} – ${format.day(to)}`;
  return `${days} · ${text().totals(format.count(totals.total_clicks), format.count(totals.countries))}`;
}

function Nothing({ of: { period, pagination } }: { of: Schemas["RankingPage"] }) {
  const isBeyond = pagination.total > 0;
  return (
    <div class="card nothing" data-testid="ranking-empty">
      <p>
        <strong>{isBeyond ? text().beyond : text().empty[period as Period]}</strong>
      </p>
      {isBeyond ? <a href={href(["ranking"])}>{text().title}</a> : <p>{text().how}</p>}
      {!isBeyond && <a href={href(["rates"])}>{text().rates}</a>}
    </div>
  );
}

function Pages({ of: { offset, total, has_more: hasMore }, go }: { of: Schemas["Pagination"]; go: (offset: number) => void }) {
  if (total <= limit && offset === 0) return null;
  return (
    <nav class="row pages" aria-label={text().pages}>
      <button type="button" disabled={offset === 0} onClick={() => go(Math.max(0, offset - limit))}>
        {text().earlier}
      </button>
      <button type="button" disabled={!hasMore} onClick={() => go(offset + limit)}>
        {text().later}
      </button>
      <span class="faint">{text().place(format.count(offset + 1), format.count(Math.min(offset + limit, total)), format.count(total))}</span>
    </nav>
  );
}
