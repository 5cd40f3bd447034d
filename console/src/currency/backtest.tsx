// How a forecast was made and what the back-test found, in plain words.
import type { Schemas } from "../core/api";
import * as format from "../core/format";
import { texts } from "../core/language";
import { TableHead } from "../parts/table-head";

type Method = Schemas["Method"];

const text = texts({
  ko: {
    method: "예측 방법",
    no_change: "변동 없음 (마지막 환율 유지)",
    drift: "평균 변화율 연장",
    exponential_smoothing: "지수평활",
    damped_trend: "감쇠 추세",
    confidence: "신뢰 수준",
    better: (ratio: string) => `백테스트에서 오차가 '변동 없음' 가정의 ${ratio}배로 더 작았습니다.`,
    notBetter: (ratio: string) => `환율이 그대로라고 가정하는 것보다 낫지 않습니다 (오차 비율 ${ratio}).`,
    covered: (actual: string, meant: string) => `${meant} 구간에 실제 환율의 ${actual}가 들어왔습니다.`,
    tested: (origins: string, horizon: string) => `지난 1년 중 ${origins}개 시점에서 최대 ${horizon}일 앞을 시험했습니다.`,
    all: "시험한 방법 모두 보기",
    error: "평균 절대 척도 오차(MASE)",
    caption: "시험한 예측 방법과 오차. 1보다 작을수록 '변동 없음' 가정보다 낫습니다.",
    chosen: "선택됨",
  },
  en: {
    method: "Method",
    no_change: "No change (keeps the last rate)",
    drift: "Drift (goes on as on average)",
    exponential_smoothing: "Exponential smoothing",
    damped_trend: "Damped trend",
    confidence: "Confidence level",
    better: (ratio: string) => `In the back-test its error was ${ratio} times that of assuming no change: better.`,
    notBetter: (ratio: string) => `Not better than assuming no change (error ratio ${ratio}).`,
    covered: (actual: string, meant: string) => `The ${meant} interval held ${actual} of the actual rates.`,
    tested: (origins: string, horizon: string) => `Tested from ${origins} days of the past year, up to ${horizon} days ahead.`,
    all: "All methods that were tried",
    error: "Mean absolute scaled error",
    caption: "Methods that were tried and their errors; below 1 is better than assuming no change.",
    chosen: "chosen",
  },
});

export function Backtest({ forecast }: { forecast: Schemas["Forecast"] }) {
  const { backtest, method } = forecast;
  const ratio = format.money(backtest.mean_absolute_scaled_error, 2);
  const meant = format.part(forecast.confidence_level);
  return (
    <div class="backtest">
      <dl class="facts">
        <div>
          <dt>{text().method}</dt>
          <dd>{text()[method]}</dd>
        </div>
        <div>
          <dt>{text().confidence}</dt>
          <dd>{meant}</dd>
        </div>
      </dl>
      <p class={backtest.beats_no_change ? "verdict good" : "verdict warn"}>{backtest.beats_no_change ? text().better(ratio) : text().notBetter(ratio)}</p>
      <p class="note">
        {text().covered(format.part(backtest.coverage), meant)} <span class="faint">{text().tested(format.count(backtest.origins), format.count(backtest.horizon))}</span>
      </p>
      <details>
        <summary>{text().all}</summary>
        <Candidates of={backtest.candidates} chosen={method} />
      </details>
    </div>
  );
}

function Candidates({ of, chosen }: { of: readonly Schemas["Candidate"][]; chosen: Method }) {
  return (
    <div class="scroll">
      <table>
        <caption class="faint note">{text().caption}</caption>
        <TableHead columns={[text().method, { name: text().error, kind: "number" }]} />
        <tbody>
          {of.map(({ method, mean_absolute_scaled_error }) => (
            <tr key={method}>
              <th scope="row">
                {text()[method]} {method === chosen && <span class="badge">{text().chosen}</span>}
              </th>
              <td class="number">{format.money(mean_absolute_scaled_error, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
