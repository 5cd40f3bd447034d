// One run from the provider's answer to the cached value, as a waterfall.
import { useEffect, useRef, useState } from "preact/hooks";
import { count, duration, fixed, instant, number } from "../core/format";
import { usePoll } from "../core/poll";
import { href } from "../core/route";
import { pipeline, StackError } from "./client";
import { ErrorReason, StackContent } from "./stack-error";
import { text } from "./timeline-texts";
import type { Timeline as Run } from "./types";
import { milestones, type Row, rows, span } from "./waterfall";

/** Handlers report with some delay, and a batch may come again. After so long, nothing is expected any more. */
const SETTLED_MS = 60_000;

export function Timeline({ id }: { id: string }) {
  const [isOver, setOver] = useState(false);
  const since = useRef(0);
  const begin = (): void => {
    since.current = Date.now();
    setOver(false);
  };
  useEffect(begin, [id]);
  const polled = usePoll(`run ${id}`, isOver ? 0 : 3, async (signal) => {
    try {
      const run = await pipeline.timeline(id, signal);
      setOver(Date.now() - Date.parse(run.started_at) - run.total_ms > SETTLED_MS);
      return run;
    } catch (error) {
      if (isUnknown(error) && Date.now() - since.current > SETTLED_MS) setOver(true);
      throw error;
    }
  });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [id]);
  return (
    <section class="card timeline" data-testid="timeline" aria-labelledby="timeline-title">
      <a href={href(["pipeline"])}>{text().back}</a>
      <h2 id="timeline-title" ref={heading} tabIndex={-1}>
        {text().title}
      </h2>
      {polled.data === undefined && isUnknown(polled.error) ? (
        <Unknown id={id} error={polled.error} isOver={isOver} again={begin} />
      ) : (
        <StackContent of={polled}>{(run) => <Drawn run={run} />}</StackContent>
      )}
    </section>
  );
}

const isUnknown = (error: unknown): boolean => error instanceof StackError && error.status === 404;

/** A run may be known in a moment; when it is not for long, it never will be. */
function Unknown({ id, error, isOver, again }: { id: string; error: Error | undefined; isOver: boolean; again: () => void }) {
  if (isOver) {
    return (
      <>
        <p role="alert">
          {text().lost}
          <br />
          <ErrorReason error={error} />
        </p>
        <button type="button" onClick={again}>
          {text().again}
        </button>
      </>
    );
  }
  return (
    <p class="faint" role="status">
      {text().unknown} <code>{id}</code>
      <br />
      {text().soon}
    </p>
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
