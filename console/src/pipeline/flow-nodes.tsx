// The parts of the picture up to the handlers.
import { age, count, day, duration, number } from "../core/format";
import { Pulse, Sign, StateBadge } from "./badges";
import { text } from "./flow-texts";
import { isAway, waiting } from "./names";
import { Reason } from "./reason";
import type { Mapping, PipelineState, Queue, Topic } from "./types";

export function SourceNode({ state }: { state: PipelineState }) {
  const { feed } = state;
  return (
    <div class="node source">
      {feed === null ? (
        <strong>{text().live}</strong>
      ) : (
        <>
          <strong>{text().feed}</strong>
          <p class="big">{day(feed.day)}</p>
          <p class="small">{feed.day === feed.newest ? text().newest : text().step(count(feed.step_seconds))}</p>
        </>
      )}
      {state.ingestor.providers.map((provider) => (
        <div key={provider.provider} class={`small ${provider.error === null ? "" : "bad"}`}>
          <Reason of={provider.error}>
            <b>{provider.provider}</b> {provider.outcome === "used" ? text().providerRates(count(provider.rates)) : (text().outcomes[provider.outcome] ?? provider.outcome)}
            <span class="together"> · {duration(provider.duration_ms)}</span>
          </Reason>
        </div>
      ))}
    </div>
  );
}

export function IngestorNode({ state }: { state: PipelineState }) {
  const { ingestor } = state;
  const events = Object.values(ingestor.events).reduce((sum, each) => sum + each, 0);
  return (
    <div class="node ingestor">
      <strong>
        <Pulse of={ingestor.runs} /> {text().ingestor}
      </strong>
      <p class="big">{ingestor.last_at === null ? text().never : age(Date.parse(ingestor.last_at), Date.parse(state.now))}</p>
      <p class="small">
        {text().sent(count(events))}
        {ingestor.last_duration_ms !== null && ` · ${duration(ingestor.last_duration_ms)}`}
      </p>
      {ingestor.already_published > 0 && <p class="small">{text().already(count(ingestor.already_published))}</p>}
      {ingestor.backed_up > 0 && <p class="small warn">{text().backedUp(count(ingestor.backed_up))}</p>}
      <p class="small">{text().runs(count(ingestor.runs))}</p>
      {ingestor.failures > 0 && (
        <div class="small warn">
          <Reason of={ingestor.last_error}>{text().failures(count(ingestor.failures))}</Reason>
        </div>
      )}
    </div>
  );
}

export function TopicNode({ name, topic, now }: { name: string; topic: Topic | undefined; now: number }) {
  return (
    <li class={`node topic ${topic === undefined ? "away" : ""}`} data-testid={`topic-${name}`} data-count={topic?.records}>
      <code>
        <Pulse of={topic?.records ?? 0} /> {name}
      </code>
      <p class="big">
        {topic?.per_second == null ? "–" : number(topic.per_second, 1)} <small>{text().perSecond}</small>
      </p>
      {topic === undefined ? (
        <p class="small">{text().unknown}</p>
      ) : (
        <p class="small split">
          <span>{text().records(count(topic.records))}</span>
          <span>{topic.last_event_at === null ? text().noEvent : age(Date.parse(topic.last_event_at), now)}</span>
        </p>
      )}
    </li>
  );
}

export function MappingNode({ mapping }: { mapping: Mapping }) {
  const { lag, last_batch_records: last, last_duration_ms: took, retries, failures } = mapping;
  return (
    <li class="node mapping" data-testid={`mapping-${mapping.function}`} data-lag={lag ?? ""} data-state={mapping.state}>
      <div class="split">
        <strong title={mapping.function}>
          <span aria-hidden="true">{mapping.service === "currency" ? "Currency" : "History"}</span>
          <span class="unseen">{mapping.function}</span>
        </strong>
        {(retries > 0 || failures > 0) && (
          <div class={`small ${mapping.state === "retrying" ? "warn" : ""}`}>
            <Reason of={mapping.last_error}>{text().troubles(count(retries), count(failures))}</Reason>
          </div>
        )}
        <StateBadge state={mapping.state} />
      </div>
      <code class="narrow">{mapping.topic}</code>
      <p class="small measures">
        <span class={lag !== null && lag > 0 ? (mapping.state === "running" ? "strong" : "warn") : ""}>
          {text().lag} {lag === null ? "–" : count(lag)}
        </span>
        <span title={text().batchTitle}>{text().batch(last === null ? "–" : count(last), count(mapping.batch_size))}</span>
        <span>{took === null ? "–" : duration(took)}</span>
      </p>
    </li>
  );
}

export function QueueNode({ state, role, isUsed }: { state: PipelineState; role: Queue["role"]; isUsed: boolean }) {
  const many = waiting(state, role);
  const isBackup = role === "backup";
  const name = isBackup ? text().backup : text().deadLetters;
  const amount = many === null ? text().unknown : isBackup ? text().waits(count(many)) : text().kept(count(many));
  const level = many === null ? "bad" : many > 0 ? "warn" : "good";
  return (
    <div
      class={`node queue of-${isBackup ? "backup" : "dead-letters"} ${isUsed || (many ?? 0) > 0 ? "used" : ""}`}
      data-testid={isBackup ? "queue-backup" : "queue-dead-letters"}
      data-count={many ?? ""}
    >
      <p class="split">
        <strong>{name}</strong>
        <span class={`badge state ${isAway(state, "sqs") ? "bad" : level}`}>
          <Sign level={level} size={12} /> {amount}
        </span>
      </p>
      <p class="small">{isBackup ? text().backupWhat : text().deadLettersWhat}</p>
    </div>
  );
}
