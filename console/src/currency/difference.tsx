// A change as several blocks of the page show it.
import type { Decimal } from "../core/decimal";
import * as format from "../core/format";

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
