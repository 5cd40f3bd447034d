// Records that could not be applied: why, and what somebody can do about them.
import { useEffect, useState } from "preact/hooks";
import { count } from "../core/format";
import { texts } from "../core/language";
import { usePoll } from "../core/poll";
import { Shown } from "../parts/state";
import { pipeline } from "./client";
import { LetterRow } from "./letter";
import { waiting } from "./names";
import { useAction } from "./said";
import type { Letter, Outcomes, PipelineState } from "./types";

const text = texts({
  ko: {
    title: "데드레터",
    none: "비어 있습니다. 모든 레코드가 적용되었습니다.",
    unknown: "SQS에 물을 수 없어 지금은 알 수 없습니다. 서버가 돌아오면 다시 묻습니다.",
    caption: "적용할 수 없어 보관된 레코드",
    when: "언제",
    who: "함수",
    where: "레코드",
    why: "이유",
    doing: "처리",
    all: "모두 재처리",
    more: (many: string) => `그 밖에 ${many}건이 더 있습니다.`,
    hidden: (many: string) => `다른 곳에서 다루고 있는 메시지 ${many}개는 보이지 않습니다.`,
    replayed: (all: string, done: string) => `${all}건 가운데 ${done}건을 다시 적용해 큐에서 지웠습니다.`,
    still: (many: string) => `${many}건은 다시 거절되어 남았습니다.`,
    gone: "재처리할 것이 없습니다. 이미 처리되었습니다.",
    purged: (many: string) => `${many}건을 삭제했습니다.`,
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
    hidden: (many: string) => `${many} messages that somebody else has just now are not shown.`,
    replayed: (all: string, done: string) => `${done} of ${all} applied and removed from the queue.`,
    still: (many: string) => `${many} refused again and kept.`,
    gone: "Nothing to replay: it is done already.",
    purged: (many: string) => `Deleted: ${many}.`,
  },
});

/** What became of letters, by their ids; those that are gone with the letter, so that their end can be seen. */
export type Ends = Readonly<Record<string, Outcomes["letters"][number]>>;

export function Letters({ state }: { state: PipelineState }) {
  const many = waiting(state, "dead_letters");
  return (
    <section class="card" data-testid="dead-letters" aria-labelledby="letters-title">
      {many === null ? (
        <>
          <h2 id="letters-title">{text().title}</h2>
          <p class="warn">{text().unknown}</p>
        </>
      ) : (
        <Known many={many} mayControl={state.may_control} />
      )}
    </section>
  );
}

function Known({ many, mayControl }: { many: number; mayControl: boolean }) {
  const polled = usePoll("letters", many > 0 ? 5 : 0, pipeline.deadLetters);
  const { again } = polled;
  useEffect(again, [many]);
  const [ends, setEnds] = useState<Ends>({});
  const [isBusy, act] = useAction();

  const remember = ({ letters }: Outcomes): void => setEnds((last) => ({ ...last, ...Object.fromEntries(letters.map((letter) => [letter.id, letter])) }));
  const replay = (letter?: Letter): Promise<void> =>
    act(async () => {
      const outcomes = await pipeline.replay(letter === undefined ? {} : only(letter));
      remember(outcomes);
      again();
      const done = outcomes.replayed ?? 0;
      const still = outcomes.matched - done;
      const says = (): string =>
        outcomes.matched === 0
          ? text().gone
          : `${text().replayed(count(outcomes.matched), count(done))}${still > 0 ? ` ${text().still(count(still))}` : ""}`;
      return { isGood: still === 0, text: says };
    });
  const purge = (letter: Letter): Promise<void> =>
    act(async () => {
      const { deleted } = await pipeline.purge(only(letter));
      again();
      return { isGood: true, text: () => text().purged(count(deleted ?? 0)) };
    });

  return (
    <>
      <div class="row heading">
        <h2 id="letters-title">
          {text().title} <span class="faint">{count(many)}</span>
        </h2>
        {mayControl && many > 0 && (
          <button type="button" data-testid="replay-all" aria-disabled={isBusy} onClick={() => replay()}>
            {text().all}
          </button>
        )}
      </div>
      <Shown of={polled}>
        {({ letters, left_out: more, hidden }) => {
          const listed = new Set(letters.map((letter) => letter.id));
          // Those that were replayed just now, for somebody to see that they are.
          const done = Object.values(ends).filter(({ id, outcome }) => !listed.has(id) && outcome !== "refused" && outcome !== "failed");
          if (letters.length + done.length === 0) return <p class="faint">{text().none}</p>;
          return (
            <>
              <table class="letters">
                <caption class="unseen">{text().caption}</caption>
                <thead>
                  <tr>
                    {[text().when, text().who, text().where, text().why, ...(mayControl ? [text().doing] : [])].map((name) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {letters.map((letter) => (
                    <LetterRow key={letter.id} letter={letter} end={ends[letter.id]} isBusy={isBusy} {...(mayControl ? { replay, purge } : {})} />
                  ))}
                  {done.map((letter) => (
                    <LetterRow key={letter.id} letter={letter} end={letter} isBusy={isBusy} isDone mayControl={mayControl} />
                  ))}
                </tbody>
              </table>
              {more > 0 && <p class="faint">{text().more(count(more))}</p>}
              {hidden > 0 && <p class="faint">{text().hidden(count(hidden))}</p>}
            </>
          );
        }}
      </Shown>
    </>
  );
}

/** The filter that only this letter passes. Without all four it would pass others, too, and a purge would take them. */
function only({ function: name, topic, partition, offset }: Letter): Record<string, string | number> {
  if (name === null || topic === null || partition === null || offset === null) throw new Error("the letter does not say which record it is of");
  return { function: name, topic, partition, offset };
}
