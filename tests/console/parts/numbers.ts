// Numbers as the page is to print them, and sums of them without floats.

const format = (options: Intl.NumberFormatOptions, digits: string, language = "ko"): string =>
  new Intl.NumberFormat(language, options).format(digits as Intl.StringNumericLiteral);

/** A rate: two decimals from 100 on, up to four from 1 on, else four significant digits. */
export function rate(digits: string): string {
  const size = Math.abs(Number(digits));
  if (size >= 100) return format({ minimumFractionDigits: 2, maximumFractionDigits: 2 }, digits);
  if (size >= 1) return format({ minimumFractionDigits: 2, maximumFractionDigits: 4 }, digits);
  return format({ maximumSignificantDigits: 4 }, digits);
}

export const fixed = (digits: string, decimals: number): string => format({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }, digits);

export const count = (value: string | number): string => format({ maximumFractionDigits: 0 }, String(value));

/** In percent with a sign, except zero. */
export const percent = (digits: string, decimals = 2): string =>
  `${format({ minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "exceptZero" }, digits)}%`;

const decimals = (digits: string): number => digits.split(".")[1]?.length ?? 0;

function scaled(digits: string, scale: number): bigint {
  const [whole = "0", part = ""] = digits.split(".");
  return BigInt(whole + part.padEnd(scale, "0"));
}

/** How many hundredths `now` is above `before`, as digits. */
export function percentOf(now: string, before: string): string {
  const scale = Math.max(decimals(now), decimals(before));
  const [later, earlier] = [scaled(now, scale), scaled(before, scale)];
  const hundredths = ((later - earlier) * 100n * 10n ** 12n) / earlier;
  const text = String(hundredths < 0n ? -hundredths : hundredths).padStart(13, "0");
  return `${hundredths < 0n ? "-" : ""}${text.slice(0, -12)}.${text.slice(-12)}`;
}
