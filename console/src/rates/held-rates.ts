// Which currencies have newer rates that the ingestor holds back. Only the local stack's pipeline can tell.
import { usePoll } from "../core/poll";
import { settings } from "../core/settings";
import { pipeline } from "../pipeline/client";

/** Held rates come once a day at most, and a snapshot of the whole pipeline is no small question. */
const pauseSeconds = 10;

const nothing: ReadonlySet<string> = new Set();

export function useHeldRates(): ReadonlySet<string> {
  const isThere = settings.value.pipeline !== false;
  const { data } = usePoll("held", isThere ? pauseSeconds : 0, async (signal) => (isThere ? ((await pipeline.state(signal)).held ?? []).map(({ currency_code: code }) => code).sort().join() : ""));
  return data ? new Set(data.split(",")) : nothing;
}
