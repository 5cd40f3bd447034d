// Numbers and times for people, in the language that is shown. A `Decimal` is formatted from its digits, never by way of a float.
import type { Decimal } from "./decimal";
import { language } from "./language";

const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();
const ages = new Map<string, Intl.RelativeTimeFormat>();

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

/** All digits, with separators: as many behind the point as browsers can print. */
export const exact = (value: Decimal): string => format({ maximumFractionDigits: 100 }).format(value);

/** A number of money in a currency with so many minor units. */
export const money = (value: Decimal, minorUnits: number): string =>
  format({ minimumFractionDigits: minorUnits, maximumFractionDigits: minorUnits }).format(value);

/** A change in percent, with its sign. */
export const percent = (value: Decimal | number, digits = 2): string =>
  `${format({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value)}%`;

/** A change, with its sign: two decimals from 1 on, four below, and where those would hide it, four significant digits. */
export function change(value: Decimal): string {
  const size = Math.abs(Number(value));
  if (size > 0 && size < 0.01) return format({ maximumSignificantDigits: 4, signDisplay: "exceptZero" }).format(value);
  return format({ minimumFractionDigits: 2, maximumFractionDigits: size >= 1 ? 2 : 4, signDisplay: "exceptZero" }).format(value);
}

/** A count. */
export const count = (value: number): string => format({ maximumFractionDigits: 0 }).format(value);

/** A plain number with at most so many decimals. */
export const number = (value: number | Decimal, digits: number): string => format({ maximumFractionDigits: digits }).format(value);

/** A plain number with exactly so many decimals, for columns. */
export const fixed = (value: number, digits: number): string => format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

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
  let found = ages.get(language.value);
  if (found === undefined) ages.set(language.value, (found = new Intl.RelativeTimeFormat(language.value, { numeric: "always", style: "short" })));
  return found.format(-Math.floor(seconds / size), unit);
}

/** A day of the calendar, from `2026-10-30`. */
export const day = (value: string): string =>
  timeFormat({ year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(`${value.slice(0, 10)}T00:00:00Z`));

/** An instant in the viewer's own time zone. */
export const instant = (value: string): string =>
  timeFormat({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" }).format(new Date(value));

/** The time of day of an instant, with seconds. */
export const clock = (value: string): string =>
  timeFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(new Date(value));

/** A change with its sign and so many decimals, those of what changed. */
export const signed = (value: Decimal, digits: number): string =>
  format({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value);

/** An instant to the minute in the viewer's own time zone; the year only when it is another than `now`'s. */
export function moment(value: string, now: number): string {
  const at = new Date(value);
  const year = at.getFullYear() === new Date(now).getFullYear() ? {} : ({ year: "numeric" } as const);
  return timeFormat({ ...year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** A month of the calendar, from any of its days. */
export const month = (value: string): string =>
  timeFormat({ year: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${value.slice(0, 10)}T00:00:00Z`));

/** A number beside an axis whose steps are so large: as many decimals as the steps have. */
export function tick(value: number, step: number): string {
  let digits = 0;
  while (digits < 12 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
  return format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A time under an axis whose steps are so many seconds: a year, a month, a day or a time of day. Days are UTC days, or those of the viewer where `isLocal`. */
export function timeTick(seconds: number, step: number, isLocal: boolean): string {
  const at = new Date(seconds * 1000);
  if (step < 86_400) return timeFormat({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  const size = step >= 360 * 86_400 ? ({ year: "numeric" } as const) : step >= 28 * 86_400 ? ({ year: "numeric", month: "short" } as const) : ({ month: "short", day: "numeric" } as const);
  return timeFormat({ ...size, ...(!isLocal && { timeZone: "UTC" }) }).format(at);
}

/** A part of one, in percent. */
export const part = (value: Decimal): string => `${number(Number(value) * 100, 1)}%`;

/** A part of a whole in percent, always with one decimal so that a column of them is aligned. */
export const share = (percent: Decimal): string => `${format({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(percent)}%`;
