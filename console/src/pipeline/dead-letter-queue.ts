// What the page knows of the dead letters: the list, and what became of those that were replayed or deleted here.
import { useEffect, useState } from "preact/hooks";
import { type Polled, usePoll } from "../core/poll";
import { pipeline } from "./client";
import type { DeadLetter, DeadLetters, Filter, Outcomes } from "./types";

/** Outcomes after which a dead letter is in the queue no more. */
const gone = new Set<string | null>(["applied", "published", "deleted"]);

export const isGone = (deadLetter: DeadLetter | undefined): boolean => deadLetter !== undefined && gone.has(deadLetter.outcome);

interface DeadLetterQueue {
  readonly polled: Polled<DeadLetters>;
  /** In the queue, the newest first. */
  readonly deadLetters: readonly DeadLetter[];
  /** What became of dead letters, by their ids. */
  readonly ends: Readonly<Record<string, DeadLetter>>;
  readonly replay: (filter: Filter) => Promise<Outcomes>;
  readonly purge: (filter: Filter) => Promise<Outcomes>;
}

/** `many` is how many messages the queue has, also those that are in flight. */
export function useDeadLetterQueue(many: number): DeadLetterQueue {
  const [deadLetters, setDeadLetters] = useState<readonly DeadLetter[]>([]);
  const [ends, setEnds] = useState<DeadLetterQueue["ends"]>({});
  const polled = usePoll("dead-letters", many > 0 ? 5 : 0, async (signal) => {
    const list = await pipeline.deadLetters(signal);
    // Whoever receives dead letters hides them from the list. They are there all the same, so what was seen of them stays.
    const isPart = list.hidden > 0 || (list.letters.length === 0 && many > 0);
    const listed = new Set(list.letters.map((deadLetter) => deadLetter.id));
    setDeadLetters((last) => (isPart ? [...list.letters, ...last.filter((deadLetter) => !listed.has(deadLetter.id))] : list.letters));
    return list;
  });
  const { data, again } = polled;
  useEffect(() => {
    // Before the first list nothing is old.
    if (data !== undefined) again();
  }, [many]);

  const done = (outcomes: Outcomes): Outcomes => {
    setEnds((last) => ({ ...last, ...Object.fromEntries(outcomes.letters.map((deadLetter) => [deadLetter.id, deadLetter])) }));
    const over = new Set(outcomes.letters.filter(isGone).map((deadLetter) => deadLetter.id));
    setDeadLetters((last) => last.filter((deadLetter) => !over.has(deadLetter.id)));
    again();
    return outcomes;
  };
  return {
    polled,
    deadLetters,
    ends,
    replay: async (filter) => done(await pipeline.replay(filter)),
    purge: async (filter) => done(await pipeline.purge(filter)),
  };
}
