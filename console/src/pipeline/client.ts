// The client of the local stack's `/pipeline`: reads how the pipeline fares, and controls it.
import type { DeadLetters, Done, Filter, Outcomes, PipelineState, PoisonKind, PoisonResponse, RunResponse, RunSummary, StackErrorBody, Timeline } from "./types";

/** The stack refused or could not do it; the message is its own, and English. */
export class StackError extends Error {
  constructor(
    message: string,
    /** Of its answer. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** There is no answer that can be read: nobody gave one, it took too long, or it had a status alone. `ErrorReason` puts it into words. */
export class StackUnreachable extends Error {
  constructor(
    readonly how: "away" | "late" | { readonly status: number },
    options?: ErrorOptions,
  ) {
    super(undefined, options);
  }
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/pipeline/${path}`, { cache: "no-store", ...init });
    text = await response.text();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : undefined;
    if (name === "AbortError") throw error;
    throw new StackUnreachable(name === "TimeoutError" ? "late" : "away", { cause: error });
  }
  const answer = parsed<T | StackErrorBody>(text);
  if (response.ok && answer !== undefined) return answer as T;
  const reason = (answer as StackErrorBody | undefined)?.error;
  throw reason === undefined ? new StackUnreachable({ status: response.status }) : new StackError(reason, response.status);
}

function parsed<A>(text: string): A | undefined {
  try {
    return JSON.parse(text) as A;
  } catch {
    return undefined;
  }
}

/** How long an answer may take, of the stack or of the API beside it: one that hangs has to be told from one that is slow. */
export const RESPONSE_TIMEOUT_MS = 8_000;

const read = <T>(path: string, signal?: AbortSignal): Promise<T> => {
  const late = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
  return ask<T>(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
};
/** JSON, so that no page of another origin can send it without asking first. */
const control = <T>(path: string, body: unknown = {}): Promise<T> =>
  ask<T>(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

let lastDeadLetterRequest: Promise<unknown> = Promise.resolve();

/** One request for dead letters after the other: whatever it does, it receives all of them first, and who asks meanwhile finds none. */
function inSequence<T>(request: () => Promise<T>): Promise<T> {
  const next = lastDeadLetterRequest.then(request);
  lastDeadLetterRequest = next.catch(() => undefined);
  return next;
}

export const pipeline = {
  state: (signal?: AbortSignal) => read<PipelineState>("state", signal),
  runs: (signal?: AbortSignal) => read<RunSummary[]>("runs", signal),
  timeline: (correlationId: string, signal?: AbortSignal) => read<Timeline>(`runs/${encodeURIComponent(correlationId)}`, signal),
  /** `signal` keeps a list from being begun. One that is under way is waited for all the same, because the stack goes on with it. */
  deadLetters: (signal: AbortSignal) =>
    inSequence(() => {
      signal.throwIfAborted();
      return read<DeadLetters>("dead-letters");
    }),
  /** Runs the ingestor; `force` publishes again what is published already. Gives the run's summary. */
  run: (force: boolean) => control<RunResponse>("run", { force }),
  /** Runs the ingestor, and has it publish what is held back of a currency. */
  release: (code: string) => control<RunResponse>("run", { release: [code] }),
  poison: (kind: PoisonKind) => control<PoisonResponse>("poison", { kind }),
  /** Takes the fault out of History's table that `refused_by_store` has put in. */
  mend: () => control<Done>("mend"),
  stop: (server: string) => control<Done>(`servers/${server}/stop`),
  start: (server: string) => control<Done>(`servers/${server}/start`),
  replay: (filter: Filter) => inSequence(() => control<Outcomes>("dead-letters/replay", filter)),
  purge: (filter: Filter) => inSequence(() => control<Outcomes>("dead-letters/purge", filter)),
};
