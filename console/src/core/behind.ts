// A new rate reaches the stores one after the other, so an answer of one may still end at the day before.
import { dayOf } from "./day";

/**
 * Seconds before an answer that is behind is asked for again, longer each time. After the last one it is left as it is: a cross rate ends where the older of
 * its two currencies does, perhaps for good.
 */
export const pausesSeconds: readonly number[] = [5, 15, 60, 300];

/** Whether what was `recorded` last in an answer is of an earlier day than the rate that was set at `newest`. */
export const isBehind = (recorded: string | null | undefined, newest: string): boolean => dayOf(recorded ?? "") < dayOf(newest);

/** The older of two instants; nothing where one is missing. */
export const older = (one: string | null | undefined, other: string | null | undefined): string | undefined =>
  one == null || other == null ? undefined : one < other ? one : other;
