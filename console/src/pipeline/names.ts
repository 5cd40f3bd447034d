// What servers, states and services are called, in one place for all parts of the view.
import { texts } from "../core/language";
import type { Mapping, PipelineState, Queue, ServerState, Topic } from "./types";

const names: Record<string, string> = { kafka: "Kafka", redis: "Redis", postgres: "PostgreSQL", mongo: "MongoDB", sqs: "SQS" };

/** A server as people call it. */
export const serverName = (name: string): string => names[name] ?? name;

export const states = texts<Record<ServerState["state"] | Mapping["state"], string>>({
  ko: {
    running: "실행 중",
    stopped: "멈춤",
    starting: "시작하는 중",
    stopping: "멈추는 중",
    retrying: "재시도 중",
    disconnected: "연결 끊김",
    disabled: "꺼짐",
  },
  en: {
    running: "running",
    stopped: "stopped",
    starting: "starting",
    stopping: "stopping",
    retrying: "retrying",
    disconnected: "disconnected",
    disabled: "disabled",
  },
});

const tones: Record<ServerState["state"] | Mapping["state"], "good" | "warn" | "bad"> = {
  running: "good",
  starting: "warn",
  stopping: "warn",
  retrying: "warn",
  disabled: "warn",
  disconnected: "bad",
  stopped: "bad",
};

export const tone = (state: ServerState["state"] | Mapping["state"]): "good" | "warn" | "bad" => tones[state] ?? "warn";

/** The order in which a run publishes. */
const order = ["new_data_received", "exchange_rate_updated", "cache_invalidation", "data_processing_completed"];

/** The topics of all mappings in that order: also while Kafka cannot be asked for them. */
export function topicNames(state: PipelineState): string[] {
  const all = new Set([...(state.topics ?? []).map((topic) => topic.name), ...state.mappings.map((mapping) => mapping.topic)]);
  return [...order.filter((name) => all.has(name)), ...[...all].filter((name) => !order.includes(name)).sort()];
}

export const topicOf = (state: PipelineState, name: string): Topic | undefined => state.topics?.find((topic) => topic.name === name);

/** The mappings of a topic, Currency's before History's. */
export const mappingsOf = (state: PipelineState, topic: string): Mapping[] =>
  state.mappings.filter((mapping) => mapping.topic === topic).sort((one, other) => one.service.localeCompare(other.service));

/** Messages of a queue, also those that somebody has just now: a listing takes them and puts them back. Null while SQS cannot be asked. */
export function waiting(state: PipelineState, role: Queue["role"]): number | null {
  const found = state.queues.find((queue) => queue.role === role);
  return found?.visible == null ? null : found.visible + (found.hidden ?? 0);
}

/** Whether a server answers nobody now. */
export const isAway = (state: PipelineState, name: string): boolean =>
  state.servers.some((server) => server.name === name && server.state !== "running");
