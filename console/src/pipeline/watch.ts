// What one snapshot of the pipeline cannot tell: whether anything moves. Snapshots are compared with earlier ones, by the stack's own clock.
import { useRef } from "preact/hooks";
import type { PipelineState } from "./types";

/** Records that nobody takes for so long are stuck; a batch takes far less. */
const STUCK_MS = 10_000;
/** So long a failed run is news. `last_error` alone is not: it stays after the next good run. */
const NEWS_MS = 10_000;
/** What is further apart than this was not watched in between, as in a tab that nobody saw. */
const GAP_MS = 5_000;

export interface Watch {
  /** Functions whose records wait without any being taken, with the milliseconds since the last was. */
  readonly stuck: readonly { function: string; lag: number; ms: number }[];
  /** Whether a run has failed just now. */
  readonly isFailing: boolean;
  /** Milliseconds since the last run, where runs by the schedule are overdue. */
  readonly overdueMs: number | undefined;
}

interface Seen {
  at: number;
  progress: Map<string, { records: number; lag: number; at: number }>;
  failures: number;
  failedAt: number;
}

/** Remembers what it has seen, and says what does not move. */
export function useWatch(state: PipelineState | undefined): Watch {
  const seen = useRef<Seen | undefined>(undefined);
  if (state === undefined) return { stuck: [], isFailing: false, overdueMs: undefined };
  const now = Date.parse(state.now);
  const { failures } = state.ingestor;
  if (seen.current === undefined || now - seen.current.at > GAP_MS) seen.current = { at: now, progress: new Map(), failures, failedAt: -Infinity };
  const last = seen.current;
  if (failures > last.failures) last.failedAt = now;
  last.at = now;
  last.failures = failures;
  const stuck = [];
  for (const { function: name, records, lag: waiting } of state.mappings) {
    const lag = waiting ?? 0;
    const before = last.progress.get(name);
    const isAsBefore = before !== undefined && before.records === records && before.lag > 0 && lag > 0;
    const at = isAsBefore ? before.at : now;
    last.progress.set(name, { records, lag, at });
    if (now - at > STUCK_MS) stuck.push({ function: name, lag, ms: now - at });
  }
  return { stuck, isFailing: now - last.failedAt < NEWS_MS, overdueMs: overdue(state, now) };
}

const units: Record<string, number> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function overdue(state: PipelineState, now: number): number | undefined {
  const periods = state.schedules
    .filter((schedule) => schedule.function === "ingestor" && schedule.is_enabled)
    .map((schedule) => /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(schedule.expression))
    .map((found) => Number(found?.[1]) * (units[found?.[2] ?? ""] ?? NaN))
    .filter(Number.isFinite);
  if (periods.length === 0) return undefined;
  const since = now - Date.parse(state.ingestor.last_at ?? state.started_at);
  return since > 3 * Math.min(...periods) + 15_000 ? since : undefined;
}
