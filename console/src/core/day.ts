// Days as the API counts them: UTC days, such as `2026-10-30`. Nothing here or elsewhere reckons with days of the viewer's time zone, which may have 23 or 25 hours.

/** The day of an instant. */
export const dayOf = (instant: string): string => instant.slice(0, 10);

/** The day before that of an instant. */
export const dayBefore = (instant: string): string => dayOf(new Date(Date.parse(`${dayOf(instant)}T00:00:00Z`) - 86_400_000).toISOString());

const koreaMs = 9 * 3_600_000;

/** The newest day that the API takes: today in Korea, where it begins nine hours before the UTC day. Korea has had no summer time since 1988. */
export const newestDay = (now: number): string => dayOf(new Date(now + koreaMs).toISOString());

const daySeconds = 86_400;

/**
 * Times of UTC days from `min` to `max`, in seconds since 1970, as many seconds apart as `step` says; from 30 days on it means months, from 365 days on years, which
 * begin on their first day.
 */
export function daysBetween(min: number, max: number, step: number): number[] {
  const found: number[] = [];
  if (step < 30 * daySeconds) {
    for (let at = Math.ceil(min / daySeconds) * daySeconds; at <= max; at += step) found.push(at);
    return found;
  }
  const months = step < 365 * daySeconds ? Math.round(step / (30 * daySeconds)) : 12 * Math.round(step / (365 * daySeconds));
  const first = new Date(min * 1000);
  const start = (month: number): number => Date.UTC(0, month, 1) / 1000;
  // Months since the year 1900, which is what year 0 means to `Date.UTC`.
  const since = (first.getUTCFullYear() - 1900) * 12 + first.getUTCMonth();
  for (let month = Math.floor(since / months) * months; start(month) <= max; month += months) if (start(month) >= min) found.push(start(month));
  return found;
}
