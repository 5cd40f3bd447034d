// One reader of the API among all, whose answers show what the promises are worth: what was answered, from where, how fast.
import { parse } from "lossless-json";
import { useRef } from "preact/hooks";
import type { Schemas } from "../core/api";
import type { Decimal } from "../core/decimal";
import { usePoll } from "../core/poll";
import { RESPONSE_TIMEOUT_MS } from "./client";

export interface Probe {
  /** `cache`, `store`, or `none` when there was no answer. */
  readonly from: "cache" | "store" | "none";
  readonly rate: Decimal | undefined;
  readonly ms: number;
  /** Why there was none: status and code, or that nobody answered, or not in time. */
  readonly refusal: { readonly message: string } | "unreachable" | "late" | undefined;
}

/** How many answers are kept for the picture. */
export const PROBE_COUNT = 24;

/** Asks for the dollar every two seconds. The newest answer is the last. */
export function useProbe(): readonly Probe[] {
  const probes = useRef<readonly Probe[]>([]);
  const { data } = usePoll("probe", 2, async (signal) => {
    const answer = await ask(signal);
    probes.current = [...probes.current, answer].slice(-PROBE_COUNT);
    return probes.current;
  });
  return data ?? [];
}

/**
 * Without the browser's cache, unlike `core/api`: the same rate has the same tag, so a 304 would bring back the former answer with its former `served_from`.
 */
async function ask(signal: AbortSignal): Promise<Probe> {
  const late = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
  const began = performance.now();
  const taken = (): number => performance.now() - began;
  try {
    const response = await fetch("/api/v1/currencies/USD", { cache: "no-store", signal: AbortSignal.any([signal, late]) });
    const text = await response.text();
    const ms = taken();
    const answer = read(text);
    if (response.ok && answer?.data) return { from: answer.data.served_from, rate: answer.data.deal_base_rate, ms, refusal: undefined };
    return { from: "none", rate: undefined, ms, refusal: { message: `${response.status} ${answer?.error?.code ?? ""}`.trim() } };
  } catch (error) {
    if (signal.aborted) throw error;
    return { from: "none", rate: undefined, ms: taken(), refusal: late.aborted ? "late" : "unreachable" };
  }
}

type Envelope = { data?: Schemas["Envelope_Served_CurrentRate"]["data"]; error?: Schemas["ErrorBody"] };

function read(text: string): Envelope | undefined {
  try {
    return parse(text, undefined, { parseNumber: (digits) => digits }) as Envelope;
  } catch {
    return undefined;
  }
}
