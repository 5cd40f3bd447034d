// Numbers and times for people, in the language that is shown. A `Decimal` is formatted from its digits, never by way of a float.
import type { Decimal } from "./decimal";
import { language } from "./language";

const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language.value + JSON.stringify(options);
  let found = numbers.get(key);
  if (found === undefined) numbers.set(key, (found = new Intl.NumberFormat(language.value, options)));
  return found;
}

function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language.value + JSON.stringify(options);
  let found = times.get(key);
  if (found === undefined) times.set(key, (found = new Intl.DateTimeFormat(language.value, options)));
  return found;
}

/** A rate: two decimals from 100 on, four from 1 on, else four significant digits. */
export function rate(value: Decimal): string {
  const size = Math.abs(Number(value));
  if (size >= 100) return format({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  if (size >= 1) return format({ minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(value);
  return format({ maximumSignificantDigits: 4 }).format(value);
}

/** All digits, with separators. */
export const exact = (value: Decimal): string => format({ maximumFractionDigits: 20 }).format(value);

/** A number of money in a currency with so many minor units. */
export const money = (value: Decimal, minorUnits: number): string =>
  format({ minimumFractionDigits: minorUnits, maximumFractionDigits: minorUnits }).format(value);

/** A change in percent, with its sign. */
export const percent = (value: Decimal | number, digits = 2): string =>
  `${format({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value)}%`;

/** A change, with its sign. */
export const change = (value: Decimal): string =>
  format({ minimumFractionDigits: 2, maximumFractionDigits: Math.abs(Number(value)) >= 1 ? 2 : 4, signDisplay: "exceptZero" }).format(value);

/** A count. */
export const count = (value: number): string => format({ maximumFractionDigits: 0 }).format(value);

/** A plain number with at most so many decimals. */
export const number = (value: number | Decimal, digits: number): string => format({ maximumFractionDigits: digits }).format(value);

/** Milliseconds, as "0.8 ms", "12 ms" or "3.4 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${number(ms / 1000, 1)} s`;
  return `${number(ms, ms < 10 ? 1 : 0)} ms`;
}

/** How long ago, in the largest unit that fits. */
export function age(from: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - from) / 1000));
  const units = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
    [1, "second"],
  ] as const;
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, "second"];
  return new Intl.RelativeTimeFormat(language.value, { numeric: "always", style: "short" }).format(-Math.floor(seconds / size), unit);
}

/** A day of the calendar, from `2026-10-30`. */
export const day = (value: string): string =>
  timeFormat({ year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(`${value.slice(0, 10)}T00:00:00Z`));

/** An instant in the viewer's own time zone. */
export const instant = (value: string): string =>
  timeFormat({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" }).format(new Date(value));

/** The time of day of an instant, with seconds. */
export const clock = (value: string): string =>
  timeFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(value));
