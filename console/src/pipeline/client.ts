// Asks the local stack about the pipeline, and tells it what to do.
import type { DeadLetters, Done, Filter, Outcomes, PipelineState, PoisonAnswer, PoisonKind, RunAnswer, RunSummary, StackError, Timeline } from "./types";

/** The stack refused or could not do it; the message is its own, and English. */
export class StackRefused extends Error {
  constructor(
    message: string,
    /** Of its answer. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** There is no answer that can be read: nobody gave one, it took too long, or it had a status alone. What is said of it is `Why`'s. */
export class StackSilent extends Error {
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
    throw new StackSilent(name === "TimeoutError" ? "late" : "away", { cause: error });
  }
  const answer = read<T | StackError>(text);
  if (response.ok && answer !== undefined) return answer as T;
  const said = (answer as StackError | undefined)?.error;
  throw said === undefined ? new StackSilent({ status: response.status }) : new StackRefused(said, response.status);
}

function read<A>(text: string): A | undefined {
  try {
    return JSON.parse(text) as A;
  } catch {
    return undefined;
  }
}

/** How long a look may take: a stack that hangs has to be told from one that is slow. */
export const PATIENCE_MS = 8_000;

const look = <T>(path: string, signal?: AbortSignal): Promise<T> => {
  const late = AbortSignal.timeout(PATIENCE_MS);
  return ask<T>(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
};
/** JSON, so that no page of another origin can send it without asking first. */
const tell = <T>(path: string, body: unknown = {}): Promise<T> =>
  ask<T>(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

let previous: Promise<unknown> = Promise.resolve();

/** One request about dead letters after the other: whatever it is, all of them are received first, and who asks meanwhile is told that there are none. */
function oneByOne<T>(request: () => Promise<T>): Promise<T> {
  const mine = previous.then(request);
  previous = mine.catch(() => undefined);
  return mine;
}

export const pipeline = {
  state: (signal?: AbortSignal) => look<PipelineState>("state", signal),
  runs: (signal?: AbortSignal) => look<RunSummary[]>("runs", signal),
  timeline: (correlationId: string, signal?: AbortSignal) => look<Timeline>(`runs/${encodeURIComponent(correlationId)}`, signal),
  /** `signal` keeps a list from being begun. One that is under way is waited for all the same, because the function goes on with it. */
  deadLetters: (signal: AbortSignal) =>
    oneByOne(() => {
      signal.throwIfAborted();
      return look<DeadLetters>("dead-letters");
    }),
  /** Runs the ingestor; `force` publishes again what is published already. Gives the run's summary. */
  run: (force: boolean) => tell<RunAnswer>("run", { force }),
  /** Runs the ingestor, and has it publish what is held back of a currency. */
  release: (code: string) => tell<RunAnswer>("run", { release: [code] }),
  poison: (kind: PoisonKind) => tell<PoisonAnswer>("poison", { kind }),
  /** Takes the fault out of History's table that `refused_by_store` has put in. */
  mend: () => tell<Done>("mend"),
  stop: (server: string) => tell<Done>(`servers/${server}/stop`),
  start: (server: string) => tell<Done>(`servers/${server}/start`),
  replay: (filter: Filter) => oneByOne(() => tell<Outcomes>("dead-letters/replay", filter)),
  purge: (filter: Filter) => oneByOne(() => tell<Outcomes>("dead-letters/purge", filter)),
};
