// The ranking as a table, one row a country.
import type { Schemas } from "../core/api";
import * as format from "../core/format";
import { language, texts } from "../core/language";
import { href } from "../core/route";
import { followRowLink } from "../parts/row-link";
import { TableHead } from "../parts/table-head";

type Country = Schemas["RankedCountry"];

const text = texts({
  ko: {
    caption: "나라별 조회 순위",
    rank: "순위",
    country: "나라",
    currency: "통화",
    score: "조회",
    share: "비율",
    change: "순위 변화",
    up: (by: string) => `${by}계단 상승`,
    down: (by: string) => `${by}계단 하락`,
    same: "변동 없음",
    new: "신규",
    before: (rank: string) => `이전 ${rank}위`,
  },
  en: {
    caption: "Countries by views",
    rank: "#",
    country: "Country",
    currency: "Currency",
    score: "Views",
    share: "Share",
    change: "Change",
    up: (by: string) => `Up ${by}`,
    down: (by: string) => `Down ${by}`,
    same: "Same",
    new: "New",
    before: (rank: string) => `from ${rank}`,
  },
});

interface Props {
  of: Schemas["RankingPage"];
  selected: string | undefined;
  /** What a link to a country keeps of the address. */
  query: Readonly<Record<string, string>>;
}

export function RankingTable({ of, selected, query }: Props) {
  return (
    <div class="scroll">
      <table class="ranking-table" data-testid="ranking-table">
        <caption class="unseen">{text().caption}</caption>
        <TableHead
          columns={[
            { name: text().rank, kind: "number" },
            text().country,
            { name: text().currency, kind: "of-currency" },
            { name: text().score, kind: "number" },
            { name: text().share, kind: "number" },
            text().change,
          ]}
        />
        <tbody>
          {of.ranking.map((country) => (
            <Row key={country.country_code} country={country} isSelected={country.country_code === selected} query={query} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ country, isSelected, query }: { country: Country; isSelected: boolean; query: Props["query"] }) {
  const { country_code: code, currency_code: currency, percentage } = country;
  const place = href(["ranking", code], query);
  return (
    <tr data-testid="ranking-row" data-country={code} class={isSelected ? "selected" : ""} onClick={followRowLink(place)}>
      <td class="number rank">{format.count(country.rank)}</td>
      <th scope="row">
        <a href={place} aria-current={isSelected ? "true" : undefined}>
          {language.value === "ko" ? country.country_name : country.country_name_en}
        </a>{" "}
        <span class="faint code">{code}</span>
      </th>
      <td class="of-currency">
        <a href={href(["currency", currency])}>{currency}</a>
      </td>
      <td class="number">{format.count(country.score)}</td>
      <td class="number share">
        {format.share(percentage)}
        <span class="bar" aria-hidden="true">
          <span style={{ width: `${percentage}%` }} />
        </span>
      </td>
      <td class="change">
        <Change of={country} />
      </td>
    </tr>
  );
}

function Change({ of: { change, change_value: by, previous_rank: before } }: { of: Country }) {
  const size = format.count(Math.abs(by ?? 0));
  const [kind, arrow, words] = {
    UP: ["up", "▲", text().up(size)],
    DOWN: ["down", "▼", text().down(size)],
    SAME: ["", "–", text().same],
    NEW: ["", "", text().new],
  }[change];
  return (
    <>
      {change === "NEW" ? (
        <span class="badge good">{words}</span>
      ) : (
        <span class={kind}>
          <span aria-hidden="true">{arrow}</span> {words}
        </span>
      )}{" "}
      {typeof before === "number" && <span class="faint before">{text().before(format.count(before))}</span>}
    </>
  );
}
