// The pipeline as it is now: whether rates arrive, events flow and caches turn over, and what one can do to it.
import { useEffect } from "preact/hooks";
import { texts } from "../core/language";
import { usePoll } from "../core/poll";
import { Loading } from "../parts/polled-content";
import "../styles/pipeline.css";
import "../styles/pipeline-controls.css";
import "../styles/pipeline-flow.css";
import "../styles/pipeline-flow-columns.css";
import "../styles/pipeline-runs.css";
import "../styles/pipeline-timeline.css";
import { pipeline } from "./client";
import { Controls } from "./controls";
import { DeadLetterCard } from "./dead-letters";
import { Flow } from "./flow";
import { assess } from "./health";
import { HeldRates } from "./held-rates";
import { Runs } from "./runs";
import { Timeline } from "./timeline";
import { showToast, Toast } from "./toast";
import { Verdict } from "./verdict";
import { useWatch } from "./watch";

const text = texts({
  ko: { title: "파이프라인" },
  en: { title: "Pipeline" },
});

export default function Pipeline({ rest }: { rest: readonly string[] }) {
  const { data: state, error, at, again } = usePoll("state", 1, pipeline.state);
  const watch = useWatch(state);
  const [place, run] = rest;
  // A toast belongs to the place where a button was pressed.
  useEffect(() => () => showToast(undefined), [run]);
  const current = place === "run" ? run : undefined;
  const health = state && assess(state, watch);
  return (
    <div class={`pipeline ${error ? "lost" : ""} ${current === undefined ? "whole" : ""}`}>
      <h1 class="unseen">{text().title}</h1>
      {state === undefined && !error ? <Loading /> : <Verdict health={health} state={state} lostAt={error ? at : false} />}
      {current !== undefined && <Timeline id={current} />}
      {state !== undefined && (
        <>
          {current === undefined && (
            <>
              <Flow state={state} />
              <HeldRates state={state} again={again} />
              <Controls state={state} again={again} />
              <DeadLetterCard state={state} again={again} />
            </>
          )}
          <Runs current={current} />
          <Toast />
        </>
      )}
    </div>
  );
}
