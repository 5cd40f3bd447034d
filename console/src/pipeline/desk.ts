// What the page knows of the dead letters: the list, and what became of those that were replayed or deleted here.
import { useEffect, useState } from "preact/hooks";
import { type Polled, usePoll } from "../core/poll";
import { pipeline } from "./client";
import type { DeadLetters, Filter, Letter, Outcomes } from "./types";

/** Outcomes after which a letter is in the queue no more. */
const gone = new Set<string | null>(["applied", "published", "deleted"]);

export const isGone = (letter: Letter | undefined): boolean => letter !== undefined && gone.has(letter.outcome);

interface Desk {
  readonly polled: Polled<DeadLetters>;
  /** In the queue, the newest first. */
  readonly letters: readonly Letter[];
  /** What became of letters, by their ids. */
  readonly ends: Readonly<Record<string, Letter>>;
  readonly replay: (filter: Filter) => Promise<Outcomes>;
  readonly purge: (filter: Filter) => Promise<Outcomes>;
}

/** `many` is how many messages the queue has, also those that somebody holds. */
export function useDesk(many: number): Desk {
  const [letters, setLetters] = useState<readonly Letter[]>([]);
  const [ends, setEnds] = useState<Desk["ends"]>({});
  const polled = usePoll("letters", many > 0 ? 5 : 0, async (signal) => {
    const list = await pipeline.deadLetters(signal);
    // Whoever holds letters hides them from the list. They are there all the same, so what was seen of them stays.
    const isPart = list.hidden > 0 || (list.letters.length === 0 && many > 0);
    const listed = new Set(list.letters.map((letter) => letter.id));
    setLetters((last) => (isPart ? [...list.letters, ...last.filter((letter) => !listed.has(letter.id))] : list.letters));
    return list;
  });
  const { data, again } = polled;
  useEffect(() => {
    // Before the first list nothing is old.
    if (data !== undefined) again();
  }, [many]);

  const done = (outcomes: Outcomes): Outcomes => {
    setEnds((last) => ({ ...last, ...Object.fromEntries(outcomes.letters.map((letter) => [letter.id, letter])) }));
    const over = new Set(outcomes.letters.filter(isGone).map((letter) => letter.id));
    setLetters((last) => last.filter((letter) => !over.has(letter.id)));
    again();
    return outcomes;
  };
  return {
    polled,
    letters,
    ends,
    replay: async (filter) => done(await pipeline.replay(filter)),
    purge: async (filter) => done(await pipeline.purge(filter)),
  };
}
