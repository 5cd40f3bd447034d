// Records that could not be applied: why, and what somebody can do about them.
import { count } from "../core/format";
import { texts } from "../core/language";
import { TableHead } from "../parts/table-head";
import { isGone, useDeadLetterQueue } from "./dead-letter-queue";
import { DeadLetterRow } from "./dead-letter-row";
import { useFocusKept } from "./focus";
import { waiting } from "./names";
import { StackContent } from "./stack-error";
import { useAction } from "./toast";
import type { DeadLetter, Filter, Outcomes, PipelineState } from "./types";

const text = texts({
  ko: {
    title: "데드레터",
    none: "비어 있습니다. 모든 레코드가 적용되었습니다.",
    unknown: "SQS에 연결할 수 없어 지금은 알 수 없습니다. 서버가 돌아오면 다시 조회합니다.",
    caption: "적용할 수 없어 보관된 레코드",
    when: "언제",
    who: "함수",
    where: "레코드",
    why: "이유",
    doing: "처리",
    all: "모두 재처리",
    more: (many: string) => `그 밖에 ${many}건이 더 있습니다.`,
    inFlight: (many: string) => `메시지 ${many}개는 지금 다른 곳에서 처리하고 있어, 목록이 최신이 아닐 수 있습니다.`,
    replayed: (all: string, done: string) => `${all}건 가운데 ${done}건을 다시 적용해 큐에서 지웠습니다.`,
    failed: (many: string) => `${many}건은 적용되지 않아 남았습니다.`,
    left: (many: string) => `${many}건은 시도하지 못해 남았습니다.`,
    gone: "이미 처리되어 할 일이 없습니다.",
    elsewhere: "지금 다른 곳에서 처리하고 있어 아무것도 하지 않았습니다. 잠시 뒤 다시 시도하십시오.",
    purged: (many: string) => `${many}건을 삭제했습니다.`,
    kept: (many: string) => `${many}건은 삭제하지 못했습니다.`,
  },
  en: {
    title: "Dead letters",
    none: "None: every record is applied.",
    unknown: "SQS cannot be asked, so they are not known now. They are asked for when it is back.",
    caption: "Records kept because they could not be applied",
    when: "When",
    who: "Function",
    where: "Record",
    why: "Why",
    doing: "Do",
    all: "Replay all",
    more: (many: string) => `There are ${many} more.`,
    inFlight: (many: string) => `Messages that are being handled elsewhere just now: ${many}. The list may not be the newest.`,
    replayed: (all: string, done: string) => `${done} of ${all} applied and removed from the queue.`,
    failed: (many: string) => `Not applied and kept: ${many}.`,
    left: (many: string) => `Not tried and kept: ${many}.`,
    gone: "There is nothing to do: it is done already.",
    elsewhere: "Nothing was done, because it is being handled elsewhere just now. Try again in a moment.",
    purged: (many: string) => `Deleted: ${many}.`,
    kept: (many: string) => `Not deleted: ${many}.`,
  },
});

interface Props {
  state: PipelineState;
  /** Asks for the state at once, so that what a button did is seen. */
  again: () => void;
}

export function DeadLetterCard({ state, again }: Props) {
  const many = waiting(state, "dead_letters");
  return (
    <section class="card" data-testid="dead-letters" aria-labelledby="dead-letters-title">
      {many === null ? (
        <>
          <h2 id="dead-letters-title">{text().title}</h2>
          <p class="warn">{text().unknown}</p>
        </>
      ) : (
        <Known many={many} mayControl={state.may_control} again={again} />
      )}
    </section>
  );
}

function Known({ many, mayControl, again }: { many: number; mayControl: boolean; again: () => void }) {
  const { polled, deadLetters, ends, replay, purge } = useDeadLetterQueue(many);
  const [isBusy, act] = useAction();
  const { heading, onFocusCapture } = useFocusKept<HTMLHeadingElement>();
  const doing = (work: () => Promise<Outcomes>, says: (outcomes: Outcomes) => string, isGood: (outcomes: Outcomes) => boolean): Promise<void> =>
    act(async () => {
      const outcomes = await work();
      again();
      // The queue had some, so somebody else holds what was meant.
      if (outcomes.matched === 0) return { isGood: many === 0, text: () => (many > 0 ? text().elsewhere : text().gone) };
      return { isGood: isGood(outcomes), text: () => says(outcomes) };
    });
  const replayThese = (filter: Filter): Promise<void> => doing(() => replay(filter), replayed, ({ failed, left }) => (failed ?? 0) + (left ?? 0) === 0);
  const purgeThis = (deadLetter: DeadLetter): Promise<void> => doing(() => purge(only(deadLetter)), purged, ({ matched, deleted }) => deleted === matched);

  return (
    <div onFocusCapture={onFocusCapture}>
      <div class="row heading">
        <h2 id="dead-letters-title" ref={heading} tabIndex={-1}>
          {text().title} <span class="faint">{count(many)}</span>
        </h2>
        {mayControl && many > 0 && (
          <button type="button" data-testid="replay-all" aria-disabled={isBusy} onClick={() => replayThese({})}>
            {text().all}
          </button>
        )}
      </div>
      <StackContent of={polled}>
        {({ letters: listed, left_out: more, hidden }) => {
          const there = new Set(deadLetters.map((deadLetter) => deadLetter.id));
          // Those that were replayed just now, for somebody to see that they are.
          const done = Object.values(ends).filter((deadLetter) => deadLetter.outcome !== "deleted" && isGone(deadLetter) && !there.has(deadLetter.id));
          const inFlight = listed.length + deadLetters.length === 0 ? Math.max(hidden, many) : hidden;
          const rows = deadLetters.length + done.length;
          return (
            <>
              {rows > 0 && (
                <table class="dead-letters">
                  <caption class="unseen">{text().caption}</caption>
                  <TableHead columns={[text().when, text().who, text().where, text().why, ...(mayControl ? [text().doing] : [])]} />
                  <tbody>
                    {deadLetters.map((deadLetter) => (
                      <DeadLetterRow
                        key={deadLetter.id}
                        deadLetter={deadLetter}
                        end={ends[deadLetter.id]}
                        isBusy={isBusy}
                        {...(mayControl ? { replay: () => replayThese(only(deadLetter)), purge: () => purgeThis(deadLetter) } : {})}
                      />
                    ))}
                    {done.map((deadLetter) => (
                      <DeadLetterRow key={deadLetter.id} deadLetter={deadLetter} end={deadLetter} isBusy={isBusy} isDone mayControl={mayControl} />
                    ))}
                  </tbody>
                </table>
              )}
              {more > 0 && <p class="faint">{text().more(count(more))}</p>}
              {inFlight > 0 && <p class="faint">{text().inFlight(count(inFlight))}</p>}
              {rows + more + inFlight + many === 0 && <p class="faint">{text().none}</p>}
            </>
          );
        }}
      </StackContent>
    </div>
  );
}

function replayed({ matched, replayed: done, failed, left }: Outcomes): string {
  const parts = [text().replayed(count(matched), count(done ?? 0))];
  if (failed) parts.push(text().failed(count(failed)));
  if (left) parts.push(text().left(count(left)));
  return parts.join(" ");
}

function purged({ matched, deleted }: Outcomes): string {
  const gone = deleted ?? 0;
  return gone === matched ? text().purged(count(gone)) : `${text().purged(count(gone))} ${text().kept(count(matched - gone))}`;
}

/** The filter that only this dead letter passes. Without all four it would pass others, too, and a purge would take them. */
function only({ function: name, topic, partition, offset }: DeadLetter): Filter {
  if (name === null || topic === null || partition === null || offset === null) throw new Error("the dead letter does not say which record it is of");
  return { function: name, topic, partition, offset };
}
