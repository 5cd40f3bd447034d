// What stands where data should be: loading, trouble, and old data during trouble.
import type { ComponentChildren } from "preact";
import { Refused, Unreachable } from "../core/api";
import { age } from "../core/format";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";

const text = texts({
  ko: {
    loading: "불러오는 중…",
    unreachable: "API에 연결할 수 없습니다",
    unavailable: "API가 지금은 답할 수 없습니다",
    refused: "API가 요청을 거절했습니다",
    failed: "문제가 생겼습니다",
    again: "다시 시도",
    old: (when: string) => `${when}에 받은 값을 보여 줍니다.`,
    retrying: "자동으로 다시 시도합니다.",
  },
  en: {
    loading: "Loading…",
    unreachable: "The API cannot be reached",
    unavailable: "The API cannot answer now",
    refused: "The API refused",
    failed: "Something went wrong",
    again: "Try again",
    old: (when: string) => `What was received ${when} is shown.`,
    retrying: "It is tried again by itself.",
  },
});

function title(error: Error): string {
  if (error instanceof Unreachable) return text().unreachable;
  if (error instanceof Refused) return error.status >= 500 ? text().unavailable : text().refused;
  return text().failed;
}

/** Says what went wrong, and lets somebody try again. */
export function Trouble({ error, again, old }: { error: Error; again?: () => void; old?: number | undefined }) {
  const code = error instanceof Refused ? `${error.status} ${error.code}: ` : "";
  return (
    <div class="trouble" role="alert">
      <strong>{title(error)}</strong>
      <p>
        {code}
        {error.message}
      </p>
      {old !== undefined && <p>{text().old(age(old, Date.now()))}</p>}
      {again && (
        <button type="button" onClick={again}>
          {text().again}
        </button>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      {text().loading}
    </p>
  );
}

/** Shows what was polled: loading before it, trouble without it, both trouble and the last data when it failed later. */
export function Shown<T>({ of, children }: { of: Polled<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.error && <Trouble error={of.error} again={of.again} old={of.at} />}
      {of.data !== undefined ? children(of.data) : !of.error && <Loading />}
    </>
  );
}
