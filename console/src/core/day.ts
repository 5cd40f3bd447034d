// Days as the API counts them: UTC days, such as `2026-10-30`.

/** The day of an instant. */
export const dayOf = (instant: string): string => instant.slice(0, 10);

/** The day before that of an instant. */
export const dayBefore = (instant: string): string => dayOf(new Date(Date.parse(`${dayOf(instant)}T00:00:00Z`) - 86_400_000).toISOString());
