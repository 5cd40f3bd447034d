// How far a rate is from an earlier one. Rates have up to 18 digits, so this reckons with whole numbers instead of floats.
import type { Decimal } from "../core/decimal";

export interface Change {
  /** For as many units as the market quotes. */
  readonly absolute: Decimal;
  readonly percent: Decimal;
  readonly direction: "up" | "down" | "same";
}

/** Digits of a percentage behind its point: far more than are shown, so that rounding for people is the only one they see. */
const percentDigits = 8;

/** From `before` to `now`, both for one unit; `units` are as many as the market quotes. */
export function changeOf(now: Decimal, before: Decimal, units: number): Change {
  const scale = Math.max(behind(now), behind(before));
  const [later, earlier] = [scaled(now, scale), scaled(before, scale)];
  const difference = later - earlier;
  const percent = (difference * 100n * 10n ** BigInt(percentDigits)) / earlier;
  return {
    absolute: decimal(difference * BigInt(units), scale),
    percent: decimal(percent, percentDigits),
    direction: difference > 0n ? "up" : difference < 0n ? "down" : "same",
  };
}

const behind = (value: Decimal): number => value.split(".")[1]?.length ?? 0;

/** `value` × 10^scale. */
function scaled(value: Decimal, scale: number): bigint {
  const [whole = "0", part = ""] = value.split(".");
  return BigInt(whole + part.padEnd(scale, "0"));
}

function decimal(digits: bigint, scale: number): Decimal {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  const cut = text.length - scale;
  return `${digits < 0n ? "-" : ""}${text.slice(0, cut)}${scale > 0 ? `.${text.slice(cut)}` : ""}` as Decimal;
}
