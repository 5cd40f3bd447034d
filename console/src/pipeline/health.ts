// How the pipeline fares, in words: what the promises say of the servers that are away, and what does not move. The promises are those of docs/PROMISES.md.
import { count } from "../core/format";
import { text } from "./health-texts";
import { isAway, serverName, waiting } from "./names";
import type { PipelineState } from "./types";
import type { Watch } from "./watch";

export type Level = "good" | "warn" | "bad";

/** What goes on, what waits until later, what is refused now. */
export interface Fact {
  readonly kind: "works" | "waits" | "refused";
  readonly says: string;
}

export interface Health {
  readonly level: Level;
  readonly sentence: string;
  /** Why, as the stack says it. */
  readonly reason?: string;
  readonly facts: readonly Fact[];
}

/** All events that wait in Kafka; null while it cannot be asked. */
export function backlog(state: PipelineState): number | null {
  const lags = state.mappings.map((mapping) => mapping.lag);
  return lags.includes(null) ? null : lags.reduce<number>((sum, lag) => sum + (lag ?? 0), 0);
}

export function assess(state: PipelineState, watch: Watch): Health {
  const say = text();
  const away = state.servers.filter((server) => server.state !== "running");
  const stopped = away.filter((server) => server.state !== "starting").map((server) => server.name);
  const [only, ...more] = away;
  if (only === undefined) return withAllServers(state, watch);
  const { level, facts } = degraded(state);
  const names = (stopped.length > 0 ? stopped : away.map((server) => server.name)).map(serverName);
  if (stopped.length === 0) return { level: "warn", sentence: say.starting(names), facts };
  const lead = more.length === 0 ? (say.lead[only.name] ?? "") : "";
  return { level, sentence: `${say.stopped(names)} ${lead}`.trim(), facts };
}

/** What goes on and what does not without the servers that are away. */
function degraded(state: PipelineState): Pick<Health, "level" | "facts"> {
  const say = text();
  const isGone = (name: string): boolean => isAway(state, name);
  const [kafka, redis, postgres, mongo, sqs] = [isGone("kafka"), isGone("redis"), isGone("postgres"), isGone("mongo"), isGone("sqs")];
  const works: string[] = [];
  const waits: string[] = [];
  const refused: string[] = [];

  if (redis && postgres) refused.push(say.noReads);
  else if (redis) works.push(say.readsFromStore);
  else if (postgres) {
    works.push(say.cachedReads);
    refused.push(say.uncachedReads);
  } else works.push(say.reads);

  if (kafka && sqs) refused.push(say.runsFail);
  else if (kafka) {
    works.push(say.runsGoOn);
    waits.push(say.inBackup(count(waiting(state, "backup") ?? 0)));
  } else works.push(say.runsPublish);

  if (!kafka && (redis || postgres)) waits.push(say.handlersRetry(serverName(redis ? "redis" : "postgres")));
  if (sqs) waits.push(say.noDeadLetters);

  if (mongo) refused.push(say.noRanking);
  else if (redis) refused.push(say.noClicks);
  else works.push(say.ranking);

  const all = { works, waits, refused };
  const facts = (["works", "waits", "refused"] as const).flatMap((kind) => all[kind].map((says) => ({ kind, says })));
  return { level: postgres || (kafka && sqs) ? "bad" : "warn", facts };
}

/** Seconds, by tens: whoever has the sentence read to them hears it again whenever it changes. */
const tens = (ms: number): string => count(Math.floor(ms / 10_000) * 10);

function withAllServers(state: PipelineState, watch: Watch): Health {
  const say = text();
  const health = (level: Level, sentence: string): Health => ({ level, sentence, facts: [] });
  const are = (wanted: string): boolean => state.mappings.some((mapping) => mapping.state === wanted);
  const [stuck] = watch.stuck;
  const isAnswered = state.topics !== null && state.cache !== null;
  const deadLetters = waiting(state, "dead_letters") ?? 0;
  const backup = waiting(state, "backup") ?? 0;

  if (watch.isFailing) return { ...health("bad", say.runFails), reason: state.ingestor.last_error ?? "" };
  if (stuck !== undefined) return health("bad", say.stuck(stuck.function, count(stuck.lag), tens(stuck.ms)));
  if (watch.overdueMs !== undefined) return health("warn", say.overdue(tens(watch.overdueMs)));
  if (!isAnswered) return health("warn", say.silent(state.topics === null ? "Kafka" : "Redis"));
  if (are("disconnected") || are("starting")) return health("warn", say.connecting);
  if (backup > 0) return health("warn", say.redriving(count(backup)));
  if (are("retrying")) return health("warn", say.catchingUp);
  if (are("stopped") || are("disabled")) return health("warn", say.disabled);
  if (state.table_is_broken) return health("warn", say.tableBroken);
  if (deadLetters > 0) return health("warn", say.deadLetters(count(deadLetters)));
  return health("good", say.good);
}
