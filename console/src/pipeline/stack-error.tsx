// Why something could not be done or seen. What the stack says itself is English; the rest is ours, in the language that is shown.
import type { ComponentChildren } from "preact";
import { count } from "../core/format";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";
import { type ErrorText, PolledContent } from "../parts/polled-content";
import { RESPONSE_TIMEOUT_MS, StackUnreachable } from "./client";

const text = texts({
  ko: {
    title: "로컬 스택에서 가져오지 못했습니다",
    away: "로컬 스택에 연결할 수 없습니다.",
    late: (seconds: string) => `로컬 스택이 ${seconds}초 안에 답하지 않았습니다.`,
    status: (status: string) => `로컬 스택이 이유 없이 상태 코드 ${status}로 답했습니다.`,
  },
  en: {
    title: "The local stack did not tell",
    away: "The local stack cannot be reached.",
    late: (seconds: string) => `The local stack did not answer within ${seconds} s.`,
    status: (status: string) => `The local stack answered with status ${status} and no reason.`,
  },
});

/** What the stack or a server said, which is English. */
export const EnglishText = ({ of }: { of: string }) => <span lang="en">{of}</span>;

export function ErrorReason({ error }: { error: unknown }) {
  if (!(error instanceof StackUnreachable)) return <EnglishText of={error instanceof Error ? error.message : String(error)} />;
  const { how } = error;
  if (how === "away") return <>{text().away}</>;
  return <>{how === "late" ? text().late(count(RESPONSE_TIMEOUT_MS / 1000)) : text().status(String(how.status))}</>;
}

const describe = (error: Error): ErrorText => ({ title: text().title, why: <ErrorReason error={error} /> });

/** `PolledContent`, of what the stack was asked for. */
export function StackContent<T>({ of, children }: { of: Polled<T>; children: (data: T) => ComponentChildren }) {
  return (
    <PolledContent of={of} describe={describe}>
      {children}
    </PolledContent>
  );
}
