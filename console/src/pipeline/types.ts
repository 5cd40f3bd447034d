// What the local stack answers about the pipeline, at `/pipeline/…` of the console's own address: by docs/stack.yaml, which is made of the stack's own types.
import type { components } from "../generated/stack";

type Schemas = components["schemas"];

export type PipelineState = Schemas["PipelineState"];
export type Topic = Schemas["TopicState"];
export type Mapping = Schemas["MappingView"];
export type Queue = Schemas["QueueState"];
export type CacheState = Schemas["CacheState"];
export type Held = Schemas["HeldView"];
export type ServerState = Schemas["ServerView"];
export type RunSummary = Schemas["RunSummary"];
export type RunResponse = Schemas["RunResponse"];
export type PoisonKind = Schemas["PoisonKind"];
export type PoisonResponse = Schemas["PoisonResponse"];
export type Done = Schemas["Done"];
export type Timeline = Schemas["Timeline"];
export type TimelineStep = Schemas["TimelineStep"];
export type DeadLetters = Schemas["DeadLetters"];
export type DeadLetter = Schemas["DeadLetter"];
export type Outcomes = Schemas["Outcomes"];
/** Which dead letters: those with all of these. */
export type Filter = Partial<Schemas["Filter"]>;
/** Every error of `/pipeline/…`, with a status of 4xx or 5xx. */
export type StackErrorBody = Schemas["ApiError"];
