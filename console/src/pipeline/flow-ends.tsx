// The parts of the picture behind the handlers: stores, caches, and the functions that answer.
import { count, number } from "../core/format";
import { texts } from "../core/language";
import { Pulse, StateBadge } from "./badges";
import { text } from "./flow-texts";
import { serverName } from "./names";
import type { CacheState, PipelineState } from "./types";

const units = texts({
  ko: { hours: "시간", minutes: "분", seconds: "초" },
  en: { hours: "h", minutes: "m", seconds: "s" },
});

/** What is left, in its two largest units: it counts down in sight. */
function left(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const of = units();
  if (hours > 0) return `${hours}${of.hours} ${minutes}${of.minutes}`;
  return minutes > 0 ? `${minutes}${of.minutes} ${String(seconds % 60).padStart(2, "0")}${of.seconds}` : `${seconds}${of.seconds}`;
}

interface ServerProps {
  state: PipelineState;
  server: string;
  what: string;
  warning?: string | undefined;
}

export function ServerNode({ state, server, what, warning }: ServerProps) {
  const found = state.servers.find((each) => each.name === server);
  return (
    <div class={`node store ${found?.state === "running" ? "" : "away"}`}>
      <p class="split">
        <strong>{serverName(server)}</strong>
        {found && <StateBadge state={found.state} />}
      </p>
      <p class="small">{what}</p>
      {warning && <p class="small warn">{warning}</p>}
    </div>
  );
}

export function RedisNode({ state }: { state: PipelineState }) {
  const found = state.servers.find((each) => each.name === "redis");
  return (
    <div class={`node store redis ${found?.state === "running" ? "" : "away"}`}>
      <p class="split">
        <strong>{serverName("redis")}</strong>
        {found && <StateBadge state={found.state} />}
      </p>
      {state.cache === null ? (
        <p class="small bad">{text().cacheUnknown}</p>
      ) : (
        <ul class="families">
          {state.cache.families.map((family) => (
            <FamilyRow key={family.family} family={family} />
          ))}
        </ul>
      )}
    </div>
  );
}

function FamilyRow({ family }: { family: CacheState["families"][number] }) {
  const { family: name, entries, possible, next_expiry_ms: next } = family;
  return (
    <li data-testid={`cache-${name}`} data-count={entries}>
      <p class="split">
        <span>
          <code>{name}:</code> <span class="small">{text().families[name]}</span>
        </span>
        <span>
          <b>{count(entries)}</b>
          <span class="small"> / {count(possible)}</span>
        </span>
      </p>
      <p class="small split">
        <progress max={possible} value={entries} aria-label={name} />
        <span>{next === null ? text().empty : `${text().expires} ${left(next)}`}</span>
      </p>
    </li>
  );
}

export function ApiNodes({ state }: { state: PipelineState }) {
  return (
    <ul class="column of-read">
      {state.reads.map(({ function: name, requests, hits, misses }) => {
        const looked = hits + misses;
        return (
          <li key={name} class="node read">
            <code>
              <Pulse of={requests} /> {name}
            </code>
            {name === "ranking-api" ? (
              <p class="small">{text().noCache}</p>
            ) : looked === 0 ? (
              <p class="small">{text().noReads}</p>
            ) : (
              <>
                <p class="big">
                  {number((hits / looked) * 100, 1)}% <small>{text().ratio}</small>
                </p>
                <p class="small">{text().hits(count(hits), count(misses))}</p>
              </>
            )}
            <p class="small">{text().requests(count(requests))}</p>
          </li>
        );
      })}
    </ul>
  );
}
