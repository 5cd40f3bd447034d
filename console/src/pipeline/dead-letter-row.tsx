// One dead letter: its record, the reason in full, and what became of a replay.
import { useEffect, useState } from "preact/hooks";
import { clock, instant } from "../core/format";
import { texts } from "../core/language";
import { isGone } from "./dead-letter-queue";
import { LongReason } from "./reason";
import { EnglishText } from "./stack-error";
import type { DeadLetter } from "./types";

const text = texts({
  ko: {
    unknown: "알 수 없음",
    replay: "재처리",
    purge: "삭제",
    sure: "정말 삭제",
    unnamed: "어느 레코드인지 알 수 없어 여기서는 하나씩 다룰 수 없습니다.",
    outcomes: {
      applied: "재처리됨: 적용하고 큐에서 지웠습니다",
      published: "다시 발행됨: 큐에서 지웠습니다",
      deleted: "삭제됨",
      refused: "다시 거절됨",
      failed: "재처리하지 못함",
      left: "시도하지 못하고 남음",
    } as Record<string, string>,
  },
  en: {
    unknown: "unknown",
    replay: "Replay",
    purge: "Delete",
    sure: "Really delete",
    unnamed: "Which record it is of is unknown, so it cannot be handled alone here.",
    outcomes: {
      applied: "Replayed: applied and removed",
      published: "Published again and removed",
      deleted: "Deleted",
      refused: "ApiError again",
      failed: "Could not be replayed",
      left: "Not tried",
    } as Record<string, string>,
  },
});

interface Props {
  deadLetter: DeadLetter;
  /** What became of its replay. */
  end: DeadLetter | undefined;
  isBusy: boolean;
  replay?: () => Promise<void>;
  purge?: () => Promise<void>;
  /** It is in the queue no more. */
  isDone?: boolean;
  mayControl?: boolean;
}

export function DeadLetterRow({ deadLetter, end, isBusy, replay, purge, isDone = false, mayControl = false }: Props) {
  const { function: name, topic, partition, offset } = deadLetter;
  const isNamed = name !== null && topic !== null && partition !== null && offset !== null;
  const record = topic === null ? text().unknown : `${topic}-${partition ?? "?"}@${offset ?? "?"}`;
  return (
    <tr data-testid={isDone ? "dead-letter-done" : "dead-letter"} data-id={deadLetter.id} class={isDone ? "done" : ""}>
      <td class="when" title={deadLetter.refused_at === null ? undefined : instant(deadLetter.refused_at)}>
        {deadLetter.refused_at === null ? text().unknown : clock(deadLetter.refused_at)}
      </td>
      <td>
        <code>{name ?? text().unknown}</code>
      </td>
      <td>
        <code>{record}</code>
      </td>
      <td class="why">
        {deadLetter.error_code !== null && <span class="badge">{deadLetter.error_code}</span>} {deadLetter.reason === null ? text().unknown : <LongReason of={deadLetter.reason} />}
        {end?.outcome != null && <End of={end} reason={deadLetter.reason} />}
      </td>
      {replay && purge ? (
        <td class="doing">
          <button type="button" data-testid="replay" aria-disabled={isBusy || !isNamed} title={isNamed ? undefined : text().unnamed} onClick={() => isNamed && replay()}>
            {text().replay}
          </button>
          <Purge isOff={isBusy || !isNamed} purge={purge} />
        </td>
      ) : (
        mayControl && <td />
      )}
    </tr>
  );
}

function End({ of, reason }: { of: DeadLetter; reason: string | null }) {
  const isGood = isGone(of);
  return (
    <p class={isGood ? "good" : "bad"} data-testid="outcome" data-outcome={of.outcome}>
      {isGood ? "✓" : "✕"} {text().outcomes[of.outcome ?? ""] ?? of.outcome}
      {of.why && of.why !== reason && (
        <>
          : <EnglishText of={of.why} />
        </>
      )}
    </p>
  );
}

/** How long a first press stands, and how much of that nothing is deleted: a double click is one decision. */
const DOUBT_MS = 4_000;
const EARLY_MS = 500;

/** Deletes at the second press. */
function Purge({ isOff, purge }: { isOff: boolean; purge: () => Promise<void> }) {
  const [asked, setAsked] = useState<"no" | "early" | "sure">("no");
  useEffect(() => {
    if (asked === "no") return;
    const timer = asked === "early" ? setTimeout(() => setAsked("sure"), EARLY_MS) : setTimeout(() => setAsked("no"), DOUBT_MS - EARLY_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  const press = (): void => {
    if (isOff || asked === "early") return;
    setAsked(asked === "no" ? "early" : "no");
    if (asked === "sure") void purge();
  };
  return (
    <button
      type="button"
      class={asked === "no" ? "" : "sure"}
      data-testid="purge"
      aria-disabled={isOff || asked === "early"}
      onClick={press}
      // Enter presses again and again while it is held.
      onKeyDown={(event) => event.repeat && event.key === "Enter" && event.preventDefault()}
      onBlur={() => setAsked("no")}
    >
      {asked === "no" ? text().purge : text().sure}
    </button>
  );
}
