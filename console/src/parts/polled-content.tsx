// What stands where polled data should be: loading, an error, and old data during an error.
import type { ComponentChildren } from "preact";
import { timeoutSeconds, ApiError, Unreachable } from "../core/api";
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
    network: "네트워크 연결이 끊겼거나 서버가 응답하지 않습니다.",
    late: (seconds: string) => `${seconds}초 안에 답이 오지 않았습니다.`,
    status: (status: string) => `API의 형식이 아닌 답이 왔습니다. 상태 코드 ${status}.`,
    again: "다시 시도",
    old: (when: string) => `${when}에 받은 값을 보여 줍니다.`,
  },
  en: {
    loading: "Loading…",
    unreachable: "The API cannot be reached",
    unavailable: "The API cannot answer now",
    refused: "The API refused",
    failed: "Something went wrong",
    network: "The network is away, or the server does not respond.",
    late: (seconds: string) => `No answer came within ${seconds} seconds.`,
    status: (status: string) => `What came is no answer of the API. Status ${status}.`,
    again: "Try again",
    old: (when: string) => `What was received ${when} is shown.`,
  },
});

function title(error: Error): string {
  if (error instanceof Unreachable) return text().unreachable;
  if (error instanceof ApiError) return error.status >= 500 ? text().unavailable : text().refused;
  return text().failed;
}

/** Our own sentence, or what somebody else said: the API, the browser and the local stack speak English. */
function Reason({ error }: { error: Error }) {
  if (error instanceof Unreachable) {
    const { why } = error;
    return <>{why === "network" ? text().network : why === "late" ? text().late(String(timeoutSeconds)) : text().status(String(why))}</>;
  }
  return (
    <>
      {error instanceof ApiError && `${error.status} ${error.code}: `}
      <span lang="en">{error.message}</span>
    </>
  );
}

/** What failed, and why. */
export interface ErrorText {
  readonly title: string;
  readonly why: ComponentChildren;
}

const describeApiError = (error: Error): ErrorText => ({ title: title(error), why: <Reason error={error} /> });

/** Says what went wrong, and lets somebody try again; `describe` puts it into words. */
export function ErrorNotice({ error, again, old, describe = describeApiError }: { error: Error; again?: () => void; old?: number | undefined; describe?: ((error: Error) => ErrorText) | undefined }) {
  const words = describe(error);
  return (
    <div class="trouble">
      <div role="alert">
        <strong>{words.title}</strong>
        <p>{words.why}</p>
      </div>
      {/* Outside the alert: an age grows with each try, and whoever hears the page would be interrupted each time. */}
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

/** Shows what was polled: loading before it, an error without it, both an error and the last data when it failed later. */
export function PolledContent<T>({ of, describe, children }: { of: Polled<T>; describe?: (error: Error) => ErrorText; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.error && <ErrorNotice error={of.error} again={of.again} old={of.at} describe={describe} />}
      {of.data !== undefined ? children(of.data) : !of.error && <Loading />}
    </>
  );
}
