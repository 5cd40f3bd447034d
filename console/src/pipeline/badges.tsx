// The badges of the view: how something fares as a sign with a word, and a dot that shows that something has just happened.
import type { Level } from "./health";
import { states, tone } from "./names";
import type { Mapping, ServerState } from "./types";

const paths: Record<Level, string> = {
  good: "M5 12.5l4.5 4.5L19 7.5",
  warn: "M12 8.5v6M12 18v.3",
  bad: "M7 7l10 10M17 7L7 17",
};

/** A tick, an exclamation mark or a cross: different in form, not by colour alone. */
export function Sign({ level, size = 20 }: { level: Level; size?: number }) {
  return (
    <svg class={`sign ${level}`} width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      {level === "warn" ? <path class="ground" d="M12 1.5L23.5 22H.5z" /> : <circle class="ground" cx="12" cy="12" r="11.5" />}
      <path class="mark" d={paths[level]} />
    </svg>
  );
}

/** The state of a server or a mapping as a word with a sign. */
export function StateBadge({ state }: { state: ServerState["state"] | Mapping["state"] }) {
  const level = tone(state);
  return (
    <span class={`badge state ${level}`}>
      <Sign level={level} size={12} /> {states()[state]}
    </span>
  );
}

/** Shows a change of `of` by a ring that widens once; without motion it is a plain dot. */
export function Pulse({ of }: { of: number | string }) {
  return (
    <span class="dot" aria-hidden="true">
      <span key={of} class="ring" />
    </span>
  );
}
