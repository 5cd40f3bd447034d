// What stands where the API has too few values to compute something: its sentence, not an error.
import type { ComponentChildren } from "preact";
import { ApiError } from "../core/api";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";
import { PolledContent } from "../parts/polled-content";

const text = texts({
  ko: { few: "값이 모자라 계산할 수 없습니다:" },
  en: { few: "There are too few values to compute this:" },
});

/** As `PolledContent`, but too few data are no error: the API's sentence says how many there are. */
export function ContentWithEnoughData<T>({ of, children }: { of: Polled<T>; children: (data: T) => ComponentChildren }) {
  if (of.error instanceof ApiError && of.error.code === "NOT_ENOUGH_DATA") return <NotEnoughData error={of.error} />;
  return <PolledContent of={of}>{children}</PolledContent>;
}

export function NotEnoughData({ error }: { error: ApiError }) {
  return (
    <p class="few" role="status">
      {text().few} <span lang="en">{error.message}</span>
    </p>
  );
}
