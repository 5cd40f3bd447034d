// One country's views by day.
import { useEffect, useRef } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import * as format from "../core/format";
import { language, texts } from "../core/language";
import { usePoll } from "../core/poll";
import { href } from "../core/route";
import { settings } from "../core/settings";
import { useSubject } from "../core/title";
import { PolledContent } from "../parts/polled-content";
import { TableHead } from "../parts/table-head";

const text = texts({
  ko: {
    close: "닫기",
    last: "최근 30일 조회",
    total: "합계",
    average: "하루 평균",
    best: "가장 많은 날",
    none: "없음",
    times: (count: string) => `${count}회`,
    chart: (total: string, best: string) => `최근 30일 일별 조회 막대그래프. 합계 ${total}회. ${best}`,
    bestDay: (day: string, count: string) => `가장 많은 날은 ${day}, ${count}회.`,
    numbers: "숫자로 보기",
    caption: "일별 조회 수 (한국 시간 기준 하루)",
    day: "날짜",
    clicks: "조회",
    currency: (code: string) => `${code} 환율 보기`,
  },
  en: {
    close: "Close",
    last: "Views in the last 30 days",
    total: "In all",
    average: "A day",
    best: "Best day",
    none: "none",
    times: (count: string) => count,
    chart: (total: string, best: string) => `Bars of the views on each of the last 30 days, ${total} in all. ${best}`,
    bestDay: (day: string, count: string) => `The best day is ${day} with ${count}.`,
    numbers: "As numbers",
    caption: "Views by day (Korean days)",
    day: "Day",
    clicks: "Views",
    currency: (code: string) => `Rate of ${code}`,
  },
});

type Country = Schemas["CountryStats"];
// The path's type is every country's code; what somebody wrote into the address the API accepts or refuses.
const days = 30;

/** `isChosen` when somebody chose the country here, instead of coming to its address. */
export function CountryStats({ code, close, isChosen }: { code: string; close: string; isChosen: boolean }) {
  const stats = usePoll(code, settings.value.poll_seconds, (signal) => get("/api/v1/rankings/stats/{country}", { days }, { at: { country: code }, signal }));
  const heading = useRef<HTMLHeadingElement>(null);
  // On a narrow screen the numbers are above the table, perhaps out of sight.
  useEffect(() => {
    if (isChosen) heading.current?.focus();
  }, []);
  const name = stats.data && (language.value === "ko" ? stats.data.country_name : stats.data.country_name_en);
  useSubject(name ?? code);
  return (
    <section class="card country" data-testid="country-stats" data-country={code} aria-labelledby="country-title">
      <div class="row top">
        <h2 id="country-title" tabIndex={-1} ref={heading}>
          {name ?? code} {name !== undefined && <span class="faint">{code}</span>}
        </h2>
        <a href={close}>{text().close}</a>
      </div>
      <PolledContent of={stats}>{(data) => <Stats of={data} />}</PolledContent>
    </section>
  );
}

function Stats({ of }: { of: Country }) {
  const best = of.best_day;
  return (
    <>
      <p class="faint">{text().last}</p>
      <Bars of={of} />
      <dl>
        <div>
          <dt>{text().total}</dt>
          <dd>{text().times(format.count(of.total_clicks))}</dd>
        </div>
        <div>
          <dt>{text().average}</dt>
          <dd>{text().times(format.number(of.average_clicks, 2))}</dd>
        </div>
        <div>
          <dt>{text().best}</dt>
          <dd>{best ? `${format.day(best.date)} · ${text().times(format.count(best.clicks))}` : text().none}</dd>
        </div>
      </dl>
      <details>
        <summary>{text().numbers}</summary>
        <table>
          <caption class="unseen">{text().caption}</caption>
          <TableHead columns={[text().day, { name: text().clicks, kind: "number" }]} />
          <tbody>
            {of.daily.toReversed().map(({ date, clicks }) => (
              <tr key={date}>
                <th scope="row">{format.day(date)}</th>
                <td class="number">{format.count(clicks)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <p class="more">
        <a href={href(["currency", of.currency_code])}>{text().currency(of.currency_code)}</a>
      </p>
    </>
  );
}

const [step, high] = [10, 80];

function Bars({ of: { daily, total_clicks: total, best_day: best } }: { of: Country }) {
  const most = Math.max(1, ...daily.map(({ clicks }) => clicks));
  const says = text().chart(format.count(total), best ? text().bestDay(format.day(best.date), format.count(best.clicks)) : "");
  const [first, last] = [daily[0], daily.at(-1)];
  return (
    <figure>
      <p class="most faint" aria-hidden="true">
        {format.count(most)}
      </p>
      <svg viewBox={`0 0 ${daily.length * step} ${high}`} preserveAspectRatio="none" role="img" aria-label={says}>
        {daily.map(({ date, clicks }, at) => {
          // A day without views has a bar as well, so that it is seen to be counted.
          const height = clicks === 0 ? 1 : Math.max(2, (clicks / most) * high);
          return <rect key={date} class={clicks === 0 ? "zero" : ""} x={at * step + 1} y={high - height} width={step - 2} height={height} />;
        })}
      </svg>
      <figcaption class="faint" aria-hidden="true">
        <span>{first && format.day(first.date)}</span>
        <span>{last && format.day(last.date)}</span>
      </figcaption>
    </figure>
  );
}
