// What the local stack tells of the pipeline, at `/pipeline/…` of the console's own address.

/** `GET /pipeline/state`. Times are RFC 3339 UTC, durations milliseconds. */
export interface PipelineState {
  now: string;
  started_at: string;
  /** Whether the providers themselves are asked; else the feed goes through the ECB's history. */
  live: boolean;
  /** Whether the buttons work here. */
  may_control: boolean;
  feed: { day: string; newest: string; step_seconds: number } | null;
  schedules: { function: string; expression: string; is_enabled: boolean; runs: number; skipped: number; last_run: string | null }[];
  ingestor: {
    runs: number;
    failures: number;
    last_at: string | null;
    last_duration_ms: number | null;
    last_error: string | null;
    /** Of the last good run. */
    correlation_id: string | null;
    recorded_at: string | null;
    /** Events of the last good run by topic. */
    events: Record<string, number>;
    already_published: number;
    /** Events that Kafka did not take and that wait in the backup queue, of the last good run. */
    backed_up: number;
    providers: Provider[];
  };
  /** Null while Kafka cannot be asked. */
  topics: Topic[] | null;
  mappings: Mapping[];
  queues: Queue[];
  /** Null while Redis cannot be asked. */
  cache: CacheState | null;
  /** The three functions that answer over HTTP. */
  reads: { function: string; requests: number; hits: number; misses: number }[];
  servers: ServerState[];
  /** Whether History's table refuses the poison record of `refused_by_store` just now. */
  table_is_broken: boolean;
}

export interface Provider {
  provider: string;
  /** `used`, `failed`, `skipped`, … as the ingestor says. */
  outcome: string;
  error: string | null;
  attempts: number;
  duration_ms: number;
  rates: number;
  recorded_at: string | null;
}

export interface Topic {
  name: string;
  partitions: number;
  /** Records ever written. */
  records: number;
  /** Over the last ten seconds or so; null until two looks have been taken. */
  per_second: number | null;
  last_event_at: string | null;
}

export interface Mapping {
  function: string;
  service: "currency" | "history";
  topic: string;
  consumer_group: string;
  state: "starting" | "running" | "retrying" | "disconnected" | "disabled" | "stopped";
  /** Null while Kafka cannot be asked. */
  lag: number | null;
  batch_size: number;
  last_batch_records: number | null;
  last_duration_ms: number | null;
  batches: number;
  records: number;
  /** Invocations after which records had to be sent again. */
  retries: number;
  /** Failed invocations of the function. */
  failures: number;
  last_error: string | null;
}

export interface Queue {
  name: string;
  role: "dead_letters" | "backup";
  /** Messages that wait, and messages that somebody has just now; null while SQS cannot be asked. */
  visible: number | null;
  hidden: number | null;
}

export interface CacheState {
  families: {
    /** `rate`, `history`, `stats`, `analysis` */
    family: string;
    /** Entries now, and the most there can be. */
    entries: number;
    possible: number;
    ttl_seconds: number[];
    /** Until the next entry expires; null without entries. */
    next_expiry_ms: number | null;
  }[];
}

export interface ServerState {
  /** `kafka`, `redis`, `postgres`, `mongo`, `sqs` */
  name: string;
  label: string;
  /** `starting` and `stopping` while a button's work is under way. */
  state: "running" | "stopped" | "starting" | "stopping";
  /** Whether the page may stop and start it. */
  may_stop: boolean;
}

/** `GET /pipeline/runs`: newest first, at most 50. */
export interface RunSummary {
  correlation_id: string;
  trace_id: string;
  started_at: string;
  /** From the run's first moment to the end of the last step known. */
  total_ms: number;
  steps: number;
  /** Rates that were sent. */
  rates: number;
  failed: boolean;
}

/** `GET /pipeline/runs/{correlation_id}`: steps by their start. */
export interface Timeline {
  correlation_id: string;
  trace_id: string;
  started_at: string;
  total_ms: number;
  steps: TimelineStep[];
}

export interface TimelineStep {
  id: string;
  /** The step that it is a part of; null for the run itself. */
  parent: string | null;
  function: string;
  /** `run`, `provider`, `send`, `handle`, `postgres`, `redis`, `sqs`, `other` */
  kind: string;
  /** As the span is called: `GET`, `send exchange_rate_updated`, `process exchange_rate_updated`, `EVALSHA`, `INSERT currency.current_rate`. */
  name: string;
  topic: string | null;
  records: number | null;
  start_ms: number;
  duration_ms: number;
  failed: boolean;
}

/** `GET /pipeline/dead-letters`: the answer of `operations-redrive` to `{"action":"list"}`. */
export interface DeadLetters {
  matched: number;
  hidden: number;
  left_out: number;
  complete: boolean;
  letters: Letter[];
}

export interface Letter {
  id: string;
  refused_at: string | null;
  function: string | null;
  topic: string | null;
  partition: number | null;
  offset: number | null;
  error_code: string | null;
  reason: string | null;
}

/** `POST /pipeline/dead-letters/replay` and `…/purge` with a filter (`{}` is all): what became of each letter. */
export interface Outcomes {
  matched: number;
  replayed?: number;
  failed?: number;
  left?: number;
  deleted?: number;
  letters: (Letter & { outcome?: string; why?: string | null })[];
}

/** Every refusal of `/pipeline/…` has this form, with a status of 4xx or 5xx. */
export interface StackError {
  error: string;
}
