// Small things that several blocks of the page say in the same way.
import type { ComponentChildren } from "preact";
import { Refused } from "../core/api";
import type { Decimal } from "../core/decimal";
import * as format from "../core/format";
import { texts } from "../core/language";
import type { Polled } from "../core/poll";
import { Shown } from "../parts/state";

const text = texts({
  ko: { few: "값이 모자라 계산할 수 없습니다:" },
  en: { few: "There are too few values to compute this:" },
});

/** Which way a number went, as a class. */
export const direction = (value: Decimal): "up" | "down" | "" => (Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "");

/** A change with its sign, its percentage, and a triangle, so that colour does not say it alone; `rate` is what changed, and gives its decimals. */
export function Difference({ absolute, percent, rate }: { absolute?: Decimal; percent: Decimal; rate?: Decimal }) {
  const way = direction(percent);
  const isLarge = rate !== undefined && Math.abs(Number(rate)) >= 100;
  return (
    <span class={`difference ${way}`}>
      <span>
        {way !== "" && (
          <span aria-hidden="true" class="way">
            {way === "up" ? "▲" : "▼"}
          </span>
        )}
        {absolute === undefined ? format.percent(percent) : isLarge ? format.signed(absolute, 2) : format.change(absolute)}
      </span>
      {absolute !== undefined && <> <span>({format.percent(percent)})</span></>}
    </span>
  );
}

/** As `Shown`, but too few data are no trouble: the API's sentence says how many there are. */
export function Told<T>({ of, children }: { of: Polled<T>; children: (data: T) => ComponentChildren }) {
  if (of.error instanceof Refused && of.error.code === "NOT_ENOUGH_DATA") return <Few error={of.error} />;
  return <Shown of={of}>{children}</Shown>;
}

export function Few({ error }: { error: Refused }) {
  return (
    <p class="few" role="status">
      {text().few} <span lang="en">{error.message}</span>
    </p>
  );
}
