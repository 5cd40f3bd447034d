// Asks the local stack about the pipeline, and tells it what to do.
import type { DeadLetters, Outcomes, PipelineState, RunSummary, StackError, Timeline } from "./types";

/** The stack refused or could not do it; the message is its own. */
export class StackRefused extends Error {}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/pipeline/${path}`, { cache: "no-store", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new StackRefused("the local stack cannot be reached", { cause: error });
  }
  const answer = (await response.json().catch(() => undefined)) as T | StackError | undefined;
  if (response.ok && answer !== undefined) return answer as T;
  const said = (answer as StackError | undefined)?.error;
  throw new StackRefused(said ?? `the local stack answered with status ${response.status}`);
}

const look = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>(path, { signal: signal ?? null });
/** JSON, so that no page of another origin can send it without asking first. */
const tell = <T>(path: string, body: unknown = {}): Promise<T> =>
  ask<T>(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Which letters: those with all of these. */
export interface Filter {
  function?: string;
  topic?: string;
  partition?: number;
  offset?: number;
}

export const pipeline = {
  state: (signal?: AbortSignal) => look<PipelineState>("state", signal),
  runs: (signal?: AbortSignal) => look<RunSummary[]>("runs", signal),
  timeline: (correlationId: string, signal?: AbortSignal) => look<Timeline>(`runs/${encodeURIComponent(correlationId)}`, signal),
  deadLetters: (signal?: AbortSignal) => look<DeadLetters>("dead-letters", signal),
  /** Runs the ingestor; `force` publishes again what is published already. Gives the run's summary. */
  run: (force: boolean) => tell<{ correlation_id: string; events: Record<string, number> }>("run", force ? { force: true } : {}),
  poison: (kind: "unreadable" | "refused_by_store") => tell<{ topic: string; partition: number; offset: number }>("poison", { kind }),
  /** Takes the fault out of History's table that `refused_by_store` has put in. */
  mend: () => tell<Record<string, never>>("mend"),
  stop: (server: string) => tell<Record<string, never>>(`servers/${server}/stop`),
  start: (server: string) => tell<Record<string, never>>(`servers/${server}/start`),
  replay: (filter: Filter) => tell<Outcomes>("dead-letters/replay", filter),
  purge: (filter: Filter) => tell<Outcomes>("dead-letters/purge", filter),
};
