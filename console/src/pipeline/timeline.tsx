// One run from the provider's answer to the cached value, as a waterfall.
import { useEffect, useRef, useState } from "preact/hooks";
import { count, duration, fixed, instant, number } from "../core/format";
import { texts } from "../core/language";
import { usePoll } from "../core/poll";
import { href } from "../core/route";
import { Shown } from "../parts/state";
import { pipeline, StackRefused } from "./client";
import type { Timeline as Run } from "./types";
import { milestones, type Milestone, type Row, rows, span } from "./waterfall";

const text = texts({
  ko: {
    title: "수집 한 번의 타임라인",
    back: "← 파이프라인",
    facts: (when: string, steps: string, total: string) => `${when} · ${steps}단계 · 모두 ${total}`,
    ids: "상관 ID",
    trace: "트레이스 ID",
    way: { provider: "공급자 응답", published: "이벤트 발행", stored: "PostgreSQL", cached: "캐시" } as Record<Milestone["name"], string>,
    never: "없음",
    caption: "단계별 시작과 걸린 시간. 막대의 위치와 길이가 시작과 시간입니다.",
    step: "단계",
    chart: "언제",
    start: "시작 ms",
    took: "걸린 ms",
    failed: "실패",
    records: (many: string) => `${many}건`,
    times: (many: string) => `×${many}`,
    sum: "합",
    unknown: "이 상관 ID의 단계를 아직 모릅니다:",
    soon: "단계의 기록은 몇 초 뒤에 도착할 수 있습니다. 자동으로 다시 묻습니다.",
    kinds: { run: "실행", provider: "공급자", send: "발행", handle: "처리", postgres: "PostgreSQL", redis: "Redis", sqs: "SQS", other: "기타" } as Record<string, string>,
  },
  en: {
    title: "Timeline of a run",
    back: "← Pipeline",
    facts: (when: string, steps: string, total: string) => `${when} · ${steps} steps · ${total} in all`,
    ids: "Correlation id",
    trace: "Trace id",
    way: { provider: "Provider's answer", published: "Events published", stored: "PostgreSQL", cached: "Cache" } as Record<Milestone["name"], string>,
    never: "none",
    caption: "When each step began and how long it took. A bar's place and length are its start and duration.",
    step: "Step",
    chart: "When",
    start: "Start ms",
    took: "Took ms",
    failed: "failed",
    records: (many: string) => (many === "1" ? "1 record" : `${many} records`),
    times: (many: string) => `×${many}`,
    sum: "sum",
    unknown: "No steps are known of the correlation id",
    soon: "What steps report may come some seconds later. They are asked for again by themselves.",
    kinds: { run: "run", provider: "provider", send: "publish", handle: "handle", postgres: "PostgreSQL", redis: "Redis", sqs: "SQS", other: "other" } as Record<string, string>,
  },
});

/** Handlers report with some delay, and a batch may come again. After so long, nothing is expected any more. */
const SETTLED_MS = 60_000;

export function Timeline({ id }: { id: string }) {
  const [isWhole, setWhole] = useState(false);
  useEffect(() => setWhole(false), [id]);
  const polled = usePoll(`run ${id}`, isWhole ? 0 : 3, async (signal) => {
    const run = await pipeline.timeline(id, signal);
    setWhole(Date.now() - Date.parse(run.started_at) - run.total_ms > SETTLED_MS);
    return run;
  });
  const isUnknown = polled.data === undefined && polled.error instanceof StackRefused && polled.error.status === 404;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [id]);
  return (
    <section class="card timeline" data-testid="timeline" aria-labelledby="timeline-title">
      <a href={href(["pipeline"])}>{text().back}</a>
      <h2 id="timeline-title" ref={heading} tabIndex={-1}>
        {text().title}
      </h2>
      {isUnknown ? (
        <p class="faint" role="status">
          {text().unknown} <code>{id}</code>
          <br />
          {text().soon}
        </p>
      ) : (
        <Shown of={polled}>{(run) => <Drawn run={run} />}</Shown>
      )}
    </section>
  );
}

function Drawn({ run }: { run: Run }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (fold: string): void => {
    const next = new Set(opened);
    if (!next.delete(fold)) next.add(fold);
    setOpened(next);
  };
  const total = Math.max(run.total_ms, 0.001);
  return (
    <>
      <Way run={run} />
      <p class="small">
        {text().facts(instant(run.started_at), count(run.steps.length), duration(run.total_ms))}
        <br />
        {text().ids} <code>{run.correlation_id}</code> · {text().trace} <code>{run.trace_id}</code>
      </p>
      <table class="waterfall">
        <caption class="unseen">{text().caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="step">
              {text().step}
            </th>
            <th scope="col" class="chart">
              <span class="unseen">{text().chart}</span>
              <span class="axis" aria-hidden="true">
                {[0, 0.25, 0.5, 0.75, 1].map((part) => (
                  <span key={part} style={{ left: `${part * 100}%` }}>
                    {number(total * part, total < 20 ? 1 : 0)}
                  </span>
                ))}
              </span>
            </th>
            <th scope="col" class="number start">
              {text().start}
            </th>
            <th scope="col" class="number">
              {text().took}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows(run, opened).map((row) => (
            <StepRow key={`${row.fold ?? ""}${row.step.id}`} row={row} total={total} isOpen={row.fold !== undefined && opened.has(row.fold)} toggle={toggle} />
          ))}
        </tbody>
      </table>
    </>
  );
}

/** "provider's answer → events published → PostgreSQL → cache", each with its milliseconds. */
function Way({ run }: { run: Run }) {
  return (
    <ol class="way" data-testid="way">
      {milestones(run).map(({ name, ms }) => (
        <li key={name} class={ms === null ? "faint" : ""} data-ms={ms ?? ""}>
          <span>{text().way[name]}</span>
          <strong>{ms === null ? text().never : duration(ms)}</strong>
        </li>
      ))}
    </ol>
  );
}

interface StepProps {
  row: Row;
  total: number;
  isOpen: boolean;
  toggle: (fold: string) => void;
}

function StepRow({ row, total, isOpen, toggle }: StepProps) {
  const { step, steps, fold, depth } = row;
  const { start, busy } = span(row);
  const isFailed = steps.some((each) => each.failed);
  const kind = text().kinds[step.kind] ?? step.kind;
  const isInvocation = step.kind === "handle" || step.kind === "run";
  const names = fold === undefined ? [step.name] : [...new Set(steps.map((each) => each.name))];
  const what = (
    <>
      <span class={`kind of-${step.kind}`}>{kind}</span> {isInvocation ? <b>{step.function}</b> : <span>{names.join(", ")}</span>}
    </>
  );
  return (
    <tr data-testid="timeline-step" data-kind={step.kind} data-count={steps.length} class={`${row.isFirst ? "first" : ""} ${isFailed ? "failed" : ""}`}>
      <th scope="row" class={`depth-${Math.min(depth, 4)}`}>
        {fold === undefined ? (
          what
        ) : (
          <button type="button" class="fold" aria-expanded={isOpen} onClick={() => toggle(fold)}>
            <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {what} <b>{text().times(count(steps.length))}</b>
          </button>
        )}
        {step.records !== null && <span class="faint"> {text().records(count(step.records))}</span>}
        {isFailed && <span class="badge bad">{text().failed}</span>}
      </th>
      <td class="chart">
        <span class="track">
          {(isOpen ? [] : steps).map((each) => (
            <span
              key={each.id}
              class={`bar of-${each.kind} ${each.failed ? "failed" : ""}`}
              style={{ left: `${(each.start_ms / total) * 100}%`, width: `${(each.duration_ms / total) * 100}%` }}
            />
          ))}
        </span>
      </td>
      <td class="number start">{fixed(start, 1)}</td>
      <td class="number">
        {fold !== undefined && <span class="faint">{text().sum} </span>}
        {fixed(busy, 1)}
      </td>
    </tr>
  );
}
