// The last runs, and the way to each one's timeline.
import { useState } from "preact/hooks";
import { clock, count, duration } from "../core/format";
import { texts } from "../core/language";
import { usePoll } from "../core/poll";
import { href } from "../core/route";
import { TableHead } from "../parts/table-head";
import { pipeline } from "./client";
import { StackContent } from "./stack-error";

const text = texts({
  ko: {
    title: "최근 수집",
    what: "시각을 누르면 공급자의 응답이 캐시에 닿기까지의 타임라인을 봅니다.",
    caption: "최근 수집, 새것부터",
    when: "시각",
    rates: "보낸 환율",
    steps: "단계",
    took: "걸린 시간",
    result: "결과",
    done: "성공",
    failed: "실패 있음",
    idle: "변화 없음",
    none: "아직 수집이 없습니다.",
    noneSent: "최근 수집 가운데 환율을 보낸 것이 없습니다.",
    only: "환율을 보낸 수집만",
    more: (many: string) => `${many}건 모두 보기`,
    less: "줄이기",
    find: "상관 ID로 찾기",
    go: "찾기",
  },
  en: {
    title: "Last runs",
    what: "A time leads to the run's timeline, from the provider's answer to the cached value.",
    caption: "The last runs, newest first",
    when: "When",
    rates: "Rates",
    steps: "Steps",
    took: "Took",
    result: "Result",
    done: "done",
    failed: "steps failed",
    idle: "no change",
    none: "There is no run yet.",
    noneSent: "None of the last runs sent rates.",
    only: "only those that sent rates",
    more: (many: string) => `Show all ${many}`,
    less: "Show fewer",
    find: "Find by correlation id",
    go: "Find",
  },
});

const FEW = 8;

export function Runs({ current }: { current: string | undefined }) {
  const polled = usePoll("runs", 2, pipeline.runs);
  const [isAll, setAll] = useState(false);
  const [isSending, setSending] = useState(false);
  return (
    <section class="card" data-testid="runs" aria-labelledby="runs-title">
      <div class="row heading">
        <h2 id="runs-title">{text().title}</h2>
        <label class="check">
          <input type="checkbox" checked={isSending} onChange={(event) => setSending(event.currentTarget.checked)} /> {text().only}
        </label>
        <Find />
      </div>
      <p class="small">{text().what}</p>
      <StackContent of={polled}>
        {(all) => {
          const runs = all.filter((run) => !isSending || run.rates > 0);
          if (runs.length === 0) return <p class="faint">{all.length === 0 ? text().none : text().noneSent}</p>;
          return (
            <>
              <table class="runs">
                <caption class="unseen">{text().caption}</caption>
                <TableHead
                  columns={[
                    text().when,
                    { name: text().rates, kind: "number" },
                    { name: text().steps, kind: "number steps" },
                    { name: text().took, kind: "number" },
                    text().result,
                  ]}
                />
                <tbody>
                  {runs.slice(0, isAll ? runs.length : FEW).map((run) => (
                    <tr
                      key={run.correlation_id}
                      data-testid="run-row"
                      data-id={run.correlation_id}
                      class={`${run.correlation_id === current ? "current" : ""} ${run.rates === 0 ? "idle" : ""}`}
                    >
                      <th scope="row">
                        <a href={href(["pipeline", "run", run.correlation_id])} aria-current={run.correlation_id === current ? "true" : undefined}>
                          {clock(run.started_at)}
                        </a>
                      </th>
                      <td class="number">{count(run.rates)}</td>
                      <td class="number steps">{count(run.steps)}</td>
                      <td class="number">{duration(run.total_ms)}</td>
                      <td>{run.failed ? <span class="badge bad">{text().failed}</span> : run.rates === 0 ? text().idle : <span class="good">{text().done}</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {runs.length > FEW && (
                <button type="button" class="more" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
                  {isAll ? text().less : text().more(count(runs.length))}
                </button>
              )}
            </>
          );
        }}
      </StackContent>
    </section>
  );
}

function Find() {
  const [id, setId] = useState("");
  const go = (event: Event): void => {
    event.preventDefault();
    if (id.trim() !== "") location.hash = href(["pipeline", "run", id.trim()]);
  };
  return (
    <form class="find row" role="search" onSubmit={go}>
      <label>
        <span class="unseen">{text().find}</span>
        <input type="text" value={id} placeholder={text().find} data-testid="find-run" spellcheck={false} autocomplete="off" onInput={(event) => setId(event.currentTarget.value)} />
      </label>
      <button type="submit">{text().go}</button>
    </form>
  );
}
