// The table of rates, one row a currency.
import { useMemo, useRef } from "preact/hooks";
import * as format from "../core/format";
import { language, nameOf, texts } from "../core/language";
import { href } from "../core/route";
import { settings } from "../core/settings";
import { sourceName } from "../core/source";
import { EmptyState } from "../parts/empty-state";
import { followRowLink } from "../parts/row-link";
import { Sparkline } from "../parts/sparkline";
import type { Change } from "./change";
import type { ChangedRate } from "./daily-change";
import { useHasChanged } from "./flash";
import { useMonth, useNear } from "./month";
import { nextSort, type Sort } from "./order";

const text = texts({
  ko: {
    caption: "통화별 원화 환율",
    currency: "통화",
    rate: "환율(원)",
    change: "전일 대비",
    month: "최근 1개월",
    source: "출처",
    recorded: "기준 시각",
    stale: "갱신 지연",
    staleWhy: "출처가 새 환율을 냈어야 할 때가 지났지만 아직 받지 못했습니다.",
    other: "다른 날",
    otherWhy: "가장 새로운 환율과 고시일이 달라, 다른 날의 환율과 섞어 계산하지 않습니다.",
    held: "보류 중",
    heldWhy: "크게 움직인 새 환율이 보류되어 있습니다. 파이프라인에서 볼 수 있습니다.",
    up: "상승",
    down: "하락",
    same: "변동 없음",
    monthOf: (percent: string) => `최근 1개월 ${percent}`,
  },
  en: {
    caption: "Rates of currencies in Korean won",
    currency: "Currency",
    rate: "Rate (KRW)",
    change: "ChangedRate the day before",
    month: "Last month",
    source: "Source",
    recorded: "As of",
    stale: "overdue",
    staleWhy: "The source should have set a newer rate by now, but none has come in.",
    other: "another day",
    otherWhy: "Set on another day than the newest rates, so it is not crossed with rates of other days.",
    held: "held back",
    heldWhy: "A newer rate that moved far is held back. The pipeline shows it.",
    up: "up",
    down: "down",
    same: "no change",
    monthOf: (percent: string) => `Last month ${percent}`,
  },
});

interface Props {
  rates: readonly ChangedRate[];
  sort: Sort;
  setSort: (sort: Sort) => void;
  /** When the rates came; changes with each poll. */
  at: number | undefined;
  /** When the rates of those were set whose day is not the newest one, by code. */
  otherDays: Readonly<Record<string, string>>;
  /** Codes of which newer rates are held back. */
  held: ReadonlySet<string>;
}

// The roles say what the elements are already: on narrow screens the rows are grids, and a browser no longer takes them for a table then.
export function RatesTable({ rates, sort, setSort, at, otherDays, held }: Props) {
  const sortable = (column: "name" | "change", label: string, kind?: string) => (
    <th role="columnheader" scope="col" class={kind} aria-sort={sort === column ? "ascending" : sort === `-${column}` ? "descending" : undefined}>
      <button type="button" class="sort" onClick={() => setSort(nextSort[column][sort])}>
        {label}
        <span aria-hidden="true">{sort === column ? "▲" : sort === `-${column}` ? "▼" : "↕"}</span>
      </button>
    </th>
  );
  return (
    <table class="rates-table" data-testid="rates-table" role="table">
      <caption class="unseen">{text().caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {sortable("name", text().currency)}
          <th role="columnheader" scope="col" class="number plain">
            {text().rate}
          </th>
          {sortable("change", text().change, "number")}
          <th role="columnheader" scope="col" class="plain">
            {text().month}
          </th>
          <th role="columnheader" scope="col" class="plain">
            {text().source}
          </th>
          <th role="columnheader" scope="col" class="plain">
            {text().recorded}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rates.map(({ rate, change }) => (
          <Row key={rate.currency_code} rate={rate} change={change} at={at} isOther={Object.hasOwn(otherDays, rate.currency_code)} isHeld={held.has(rate.currency_code)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ rate, change, at, isOther, isHeld }: ChangedRate & { at: number | undefined; isOther: boolean; isHeld: boolean }) {
  const { currency_code: code, symbol, customary_unit: unit } = rate;
  const place = href(["currency", code]);
  const now = at ?? Date.now();
  const shown = format.rate(rate.unit_rate);
  const hasChanged = useHasChanged(rate.unit_rate);
  const line = useRef<HTMLSpanElement>(null);
  const month = useMonth(code, rate.recorded_at, useNear(line), at);
  const [moment, age] = [format.moment(rate.recorded_at, now), format.age(Date.parse(rate.recorded_at), now)];
  // A poll that brings nothing new draws nothing anew: thirty rows every two seconds are felt on a telephone.
  const draw = () => (
    <tr role="row" data-testid="rate-row" data-code={code} onClick={followRowLink(place)}>
      <th role="rowheader" scope="row" class="currency">
        <a href={place}>{nameOf(rate)}</a>{" "}
        <span class="below">
          {code}
          {symbol !== code && ` ${symbol}`}{" "}
          {unit !== 1 && (
            <span class="badge">
              {unit} {code}
            </span>
          )}
        </span>
      </th>
      <td role="cell" class={`number rate behind-${behind(shown)} ${hasChanged ? "changed" : ""}`} data-testid="rate">
        {shown}
      </td>
      <td role="cell" class="number change" data-testid="change">
        {change ? <ChangeText change={change} digits={behind(shown)} /> : <EmptyState />}
      </td>
      <td role="cell" class="month">
        <span class="sparkline-place" ref={line}>
          {typeof month === "object" && <Sparkline points={month.points} label={text().monthOf(format.percent(month.percent))} />}
          {month === undefined && <EmptyState />}
        </span>
      </td>
      <td role="cell" class="source">
        {sourceName(rate.source)}
      </td>
      <td role="cell" class="recorded">
        <time dateTime={rate.recorded_at} title={format.instant(rate.recorded_at)}>
          {moment}
        </time>{" "}
        <span class="below">
          {age}{" "}
          {rate.stale && !settings.value.replay && (
            <span class="badge warn" title={text().staleWhy}>
              {text().stale}
            </span>
          )}
          {isOther && (
            <span class="badge" title={text().otherWhy}>
              {text().other}
            </span>
          )}
          {isHeld && (
            <a class="badge warn" href={href(["pipeline"])} title={text().heldWhy}>
              {text().held}
            </a>
          )}
        </span>
      </td>
    </tr>
  );
  return useMemo(draw, [rate, change, hasChanged, month, moment, age, isOther, isHeld, language.value]);
}

function ChangeText({ change: { absolute, percent, direction }, digits }: { change: Change; digits: number }) {
  const arrow = { up: "▲", down: "▼", same: "" }[direction];
  return (
    <span class={direction}>
      <span class="unseen">{text()[direction]} </span>
      <span class={`absolute behind-${digits}`}>
        <span aria-hidden="true">{arrow}</span> {format.signed(absolute, digits)}
      </span>{" "}
      <span class="percent">{format.percent(percent)}</span>
    </span>
  );
}

/** How many digits a printed number has behind its point; the style sheet aligns the points by it. */
const behind = (printed: string): number => Math.min(printed.split(".")[1]?.length ?? 0, 4);
