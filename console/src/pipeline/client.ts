// Asks the local stack about the pipeline, and tells it what to do.
import type { DeadLetters, Outcomes, PipelineState, RunSummary, StackError, Timeline } from "./types";

/** The stack refused or could not do it; the message is its own. */
export class StackRefused extends Error {
  constructor(
    message: string,
    /** Of its answer; none when nobody answered. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/pipeline/${path}`, { cache: "no-store", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new StackRefused("the local stack cannot be reached", undefined, { cause: error });
  }
  const answer = (await response.json().catch(() => undefined)) as T | StackError | undefined;
  if (response.ok && answer !== undefined) return answer as T;
  const said = (answer as StackError | undefined)?.error;
  throw new StackRefused(said ?? `the local stack answered with status ${response.status}`, response.status);
}

/** How long a look may take: a stack that hangs has to be told from one that is slow. */
const PATIENCE_MS = 8_000;

const look = <T>(path: string, signal?: AbortSignal): Promise<T> => {
  const late = AbortSignal.timeout(PATIENCE_MS);
  return ask<T>(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
};
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

/** Where a poison record stands; when it went with a run, that run's id instead of a place. */
interface Poisoned {
  topic: string;
  partition: number | null;
  offset: number | null;
  correlation_id?: string | null;
}

export const pipeline = {
  state: (signal?: AbortSignal) => look<PipelineState>("state", signal),
  runs: (signal?: AbortSignal) => look<RunSummary[]>("runs", signal),
  timeline: (correlationId: string, signal?: AbortSignal) => look<Timeline>(`runs/${encodeURIComponent(correlationId)}`, signal),
  deadLetters: (signal?: AbortSignal) => look<DeadLetters>("dead-letters", signal),
  /** Runs the ingestor; `force` publishes again what is published already. Gives the run's summary. */
  run: (force: boolean) => tell<{ correlation_id: string; events: Record<string, number>; backed_up?: number }>("run", force ? { force: true } : {}),
  poison: (kind: "unreadable" | "refused_by_store") => tell<Poisoned>("poison", { kind }),
  /** Takes the fault out of History's table that `refused_by_store` has put in. */
  mend: () => tell<Record<string, never>>("mend"),
  stop: (server: string) => tell<Record<string, never>>(`servers/${server}/stop`),
  start: (server: string) => tell<Record<string, never>>(`servers/${server}/start`),
  replay: (filter: Filter) => tell<Outcomes>("dead-letters/replay", filter),
  purge: (filter: Filter) => tell<Outcomes>("dead-letters/purge", filter),
};
