// What can be chosen of the main chart: the period, how it is drawn, and against which currency.
import { texts } from "../core/language";
import { type Choice, choose, hasCandles, periods } from "./choice";
import { type Known, knownName } from "./currencies";
import { drawnView } from "./series";

const text = texts({
  ko: {
    period: "기간",
    "1d": "1일",
    "1w": "1주",
    "1m": "1개월",
    "3m": "3개월",
    "6m": "6개월",
    "1y": "1년",
    all: "전체",
    allWhy: "1999년부터 저장된 모든 값",
    view: "차트 종류",
    line: "선",
    candles: "캔들",
    candlesWhy: "캔들은 1개월 이상의 기간에서 볼 수 있습니다.",
    base: "기준 통화",
    inverse: "뒤집기",
    inverseWhy: "두 통화를 바꾸어 표시",
    common: "주요 통화",
    quoted: "그 밖의 통화",
    unquoted: "지금 환율이 없는 통화",
    table: "표로 보기",
  },
  en: {
    period: "Period",
    "1d": "1D",
    "1w": "1W",
    "1m": "1M",
    "3m": "3M",
    "6m": "6M",
    "1y": "1Y",
    all: "All",
    allWhy: "Everything that is stored since 1999",
    view: "Kind of chart",
    line: "Line",
    candles: "Candles",
    candlesWhy: "Candles need a period of a month or longer.",
    base: "Priced in",
    inverse: "Inverse",
    inverseWhy: "Show the pair the other way round",
    common: "Common",
    quoted: "Others",
    unquoted: "Without a rate now",
    table: "Show as table",
  },
});

const common = ["KRW", "USD", "EUR", "JPY", "CNY", "GBP"];

export function Controls({ choice, known }: { choice: Choice; known: Known | undefined }) {
  const { code, period, base, isInverse, isTable } = choice;
  const view = drawnView(choice);
  return (
    <div class="controls">
      <div class="segments" role="group" aria-label={text().period}>
        {periods.map((name) => (
          <button
            key={name}
            type="button"
            data-testid={`period-${name}`}
            aria-pressed={name === period}
            title={name === "all" ? text().allWhy : undefined}
            onClick={() => choose(code, { period: name })}
          >
            {text()[name]}
          </button>
        ))}
      </div>
      <div class="segments" role="group" aria-label={text().view}>
        <button type="button" data-testid="view-line" aria-pressed={view === "line"} onClick={() => choose(code, { view: "line" })}>
          {text().line}
        </button>
        <button
          type="button"
          data-testid="view-candles"
          aria-pressed={view === "candles"}
          disabled={!hasCandles(period)}
          onClick={() => choose(code, { view: "candles" })}
        >
          {text().candles}
        </button>
      </div>
      {!hasCandles(period) && <p class="faint why">{text().candlesWhy}</p>}
      <label class="base">
        <span>{text().base}</span>
        <select data-testid="base-select" value={base} onChange={(event) => choose(code, { base: event.currentTarget.value })}>
          <Bases code={code} base={base} known={known} />
        </select>
      </label>
      <button type="button" data-testid="inverse" aria-pressed={isInverse} title={text().inverseWhy} onClick={() => choose(code, { isInverse: !isInverse })}>
        {text().inverse}
      </button>
      <button type="button" class="to-table" data-testid="as-table" aria-pressed={isTable} onClick={() => choose(code, { isTable: !isTable })}>
        {text().table}
      </button>
    </div>
  );
}

/** All known currencies but the page's own. A cross rate with one that has no rate is refused by the API, in a sentence. */
function Bases({ code, base, known }: { code: string; base: string; known: Known | undefined }) {
  const others = known === undefined ? [] : [...known.all.keys()].filter((other) => other !== code && !common.includes(other));
  const groups = [
    { name: text().common, codes: common.filter((other) => other !== code) },
    { name: text().quoted, codes: others.filter((other) => known?.quoted.has(other)) },
    { name: text().unquoted, codes: others.filter((other) => !known?.quoted.has(other)) },
  ];
  const isListed = groups.some(({ codes }) => codes.includes(base));
  return (
    <>
      {!isListed && <option value={base}>{base}</option>}
      {groups
        .filter(({ codes }) => codes.length > 0)
        .map(({ name, codes }) => (
          <optgroup key={name} label={name}>
            {codes.map((other) => (
              <option key={other} value={other}>
                {`${other} ${knownName(known, other)}`}
              </option>
            ))}
          </optgroup>
        ))}
    </>
  );
}
