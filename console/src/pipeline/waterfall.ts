// A run's steps as rows: each below what it is a part of, small repeated ones folded into one, and the moments at which the rates reached what.
import type { Timeline, TimelineStep } from "./types";

export interface Row {
  /** The step, or the first of those that are folded. */
  readonly step: TimelineStep;
  readonly depth: number;
  /** All that the row stands for. */
  readonly steps: readonly TimelineStep[];
  /** Of a fold: what opens and closes it. */
  readonly fold: string | undefined;
  /** It belongs to another function than the row before. */
  readonly isFirst: boolean;
}

/** Steps of these kinds are folded where a function has so many of one kind. */
const small = new Set(["redis", "postgres", "sqs", "other"]);
const MANY = 3;

export function rows(timeline: Timeline, opened: ReadonlySet<string>): Row[] {
  const known = new Set(timeline.steps.map((step) => step.id));
  const children = grouped(timeline.steps, (step) => (step.parent !== null && known.has(step.parent) ? step.parent : ""));
  const found: Row[] = [];
  const add = (steps: readonly TimelineStep[], depth: number, fold?: string): void => {
    const [step] = steps;
    if (step === undefined) return;
    found.push({ step, depth, steps, fold, isFirst: found.at(-1)?.step.function !== step.function });
    if (steps.length === 1 && fold === undefined) walk(step.id, depth + 1);
  };
  const walk = (parent: string, depth: number): void => {
    const under = children.get(parent) ?? [];
    const kinds = grouped(
      under.filter((step) => small.has(step.kind) && !children.has(step.id)),
      (step) => `${step.function} ${step.kind}`,
    );
    const folded = new Set<string>();
    for (const step of byFunction(under, timeline)) {
      const kind = `${step.function} ${step.kind}`;
      const alike = kinds.get(kind) ?? [];
      if (!alike.includes(step) || alike.length < MANY) {
        add([step], depth);
      } else if (!folded.has(kind)) {
        folded.add(kind);
        const fold = `${parent} ${kind}`;
        add(alike, depth, fold);
        if (opened.has(fold)) for (const each of alike) add([each], depth + 1);
      }
    }
  };
  walk("", 0);
  return found;
}

function grouped(steps: readonly TimelineStep[], by: (step: TimelineStep) => string): Map<string, TimelineStep[]> {
  const groups = new Map<string, TimelineStep[]>();
  for (const step of steps) groups.set(by(step), [...(groups.get(by(step)) ?? []), step]);
  return groups;
}

/** What a run did itself stays before what handlers made of it; otherwise by the start. */
function byFunction(steps: readonly TimelineStep[], timeline: Timeline): TimelineStep[] {
  const root = timeline.steps.find((step) => step.kind === "run")?.function;
  const rank = (step: TimelineStep): number => (step.function === root ? 0 : 1);
  return [...steps].sort((one, other) => rank(one) - rank(other) || one.start_ms - other.start_ms);
}

const end = (step: TimelineStep): number => step.start_ms + step.duration_ms;

/** The way of the rates, and the milliseconds at which the last of them was there; null where none has come. */
export interface Milestone {
  readonly name: "provider" | "published" | "stored" | "cached";
  readonly ms: number | null;
}

export function milestones({ steps }: Timeline): Milestone[] {
  const handlers = new Map(steps.filter((step) => step.kind === "handle").map((step) => [step.id, step.topic]));
  // A run without new rates still refreshes caches, by its other events.
  const carriesRates = [...handlers.values()].includes("exchange_rate_updated");
  const isOfRates = (step: TimelineStep): boolean => {
    const topic = handlers.get(step.parent ?? "");
    return topic !== undefined && (!carriesRates || topic === "exchange_rate_updated");
  };
  const last = (is: (step: TimelineStep) => boolean): number | null => {
    const ends = steps.filter((step) => is(step) && !step.failed).map(end);
    return ends.length === 0 ? null : Math.max(...ends);
  };
  return [
    { name: "provider", ms: last((step) => step.kind === "provider") },
    { name: "published", ms: last((step) => step.kind === "send") },
    { name: "stored", ms: last((step) => step.kind === "postgres" && isOfRates(step)) },
    { name: "cached", ms: last((step) => step.kind === "redis" && isOfRates(step)) },
  ];
}

/** From the first start to the last end of what a row stands for. */
export function span(row: Row): { start: number; end: number; busy: number } {
  const start = Math.min(...row.steps.map((step) => step.start_ms));
  return { start, end: Math.max(...row.steps.map(end)), busy: row.steps.reduce((sum, step) => sum + step.duration_ms, 0) };
}
