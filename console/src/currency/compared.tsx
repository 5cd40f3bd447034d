// A comparison in numbers: how each currency did, and how they move together.
import type { ComponentChildren } from "preact";
import type { Schemas } from "../core/api";
import { toFloat } from "../core/decimal";
import * as format from "../core/format";
import { texts } from "../core/language";
import { EmptyState } from "../parts/empty-state";
import { TableHead } from "../parts/table-head";
import { type Known, knownName } from "./currencies";
import { direction } from "./difference";

const text = texts({
  ko: {
    caption: "통화별 성과",
    rank: "순위",
    currency: "통화",
    rate: (base: string) => `현재 환율 (${base})`,
    change: "변동률",
    volatility: "일간 변동성",
    sharpe: "샤프 비율",
    sharpeWhy: "샤프 비율은 하루 수익률의 평균을 표준편차로 나누고 그 환율의 1년 관측 수의 제곱근을 곱한 값입니다.",
    matrix: "상관관계",
    matrixWhy: (days: string) => `하루 수익률의 상관계수입니다. 1은 같이, −1은 반대로 움직인다는 뜻입니다. 공통 ${days}일.`,
  },
  en: {
    caption: "How each currency did",
    rank: "Rank",
    currency: "Currency",
    rate: (base: string) => `Rate (${base})`,
    change: "Change",
    volatility: "Daily volatility",
    sharpe: "Sharpe ratio",
    sharpeWhy: "The Sharpe ratio is the mean of daily returns over their standard deviation, times the square root of how many observations the rate has a year.",
    matrix: "Correlation",
    matrixWhy: (days: string) => `Of daily returns: 1 moves together, −1 the opposite way. ${days} common days.`,
  },
});

type Comparison = Schemas["Comparison"];

/** A title that stays where it is while a wide table below it is scrolled sideways. */
function Box({ title, note, children }: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <div>
      <h3>{title}</h3>
      {note !== undefined && <p class="faint note">{note}</p>}
      <div class="scroll" tabIndex={0} role="region" aria-label={title}>
        {children}
      </div>
    </div>
  );
}

export function ComparedTable({ of, codes, known }: { of: Comparison; codes: readonly string[]; known: Known | undefined }) {
  return (
    <Box title={text().caption} note={text().sharpeWhy}>
      <table data-testid="compare-table">
        <caption class="unseen">{text().caption}</caption>
        <TableHead
          columns={[
            { name: text().rank, kind: "number" },
            text().currency,
            { name: text().change, kind: "number" },
            { name: text().volatility, kind: "number" },
            { name: text().sharpe, kind: "number" },
            { name: text().rate(of.base), kind: "number" },
          ]}
        />
        <tbody>
          {of.currencies.map((row) => (
            <tr key={row.currency_code}>
              <td class="number">{format.count(row.performance_rank)}</td>
              <th scope="row">
                <span class={`swatch line-${codes.indexOf(row.currency_code) + 1}`} aria-hidden="true" /> {row.currency_code}{" "}
                <span class="name">{knownName(known, row.currency_code)}</span>
              </th>
              <td class={`number ${direction(row.period_change_percent)}`}>{format.percent(row.period_change_percent)}</td>
              <td class="number">{row.volatility == null ? <EmptyState /> : `${format.money(row.volatility, 2)}%`}</td>
              <td class="number">{row.sharpe_ratio == null ? <EmptyState /> : format.signed(row.sharpe_ratio, 2)}</td>
              <td class="number">{format.rate(row.current_rate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  );
}

/** Every two currencies once in the answer, twice in the table, so that each can be read along its row. */
export function Matrix({ of, codes }: { of: Comparison; codes: readonly string[] }) {
  const pairs = new Map(of.correlation_matrix.flatMap((pair) => [[`${pair.first} ${pair.second}`, pair] as const, [`${pair.second} ${pair.first}`, pair] as const]));
  const days = of.correlation_matrix.map(({ common_days }) => common_days);
  const [fewest, largest] = [Math.min(...days), Math.max(...days)];
  return (
    <Box title={text().matrix} note={text().matrixWhy(fewest === largest ? format.count(fewest) : `${format.count(fewest)}–${format.count(largest)}`)}>
      <table class="matrix" data-testid="correlation">
        <caption class="unseen">{text().matrix}</caption>
        <thead>
          <tr>
            <td />
            {codes.map((code) => (
              <th key={code} scope="col">
                {code}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {codes.map((row) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {codes.map((column) => (
                <Cell key={column} pair={pairs.get(`${row} ${column}`)} isSame={row === column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  );
}

function Cell({ pair, isSame }: { pair: Schemas["Correlation"] | undefined; isSame: boolean }) {
  if (isSame) return <td class="same">1</td>;
  if (pair?.coefficient == null) return <td><EmptyState /></td>;
  const value = toFloat(pair.coefficient);
  // Five shades; the number is what counts.
  return <td class={`${value < 0 ? "against" : "with"}-${Math.min(5, Math.ceil(Math.abs(value) * 5))}`}>{format.money(pair.coefficient, 2)}</td>;
}
