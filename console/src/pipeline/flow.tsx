// The picture of the whole way, from the provider to the reader. In a narrow window the columns stand below one another and the lines go.
import { StateBadge } from "./badges";
import { ApiNodes, RedisNode, ServerNode } from "./flow-ends";
import { IngestorNode, MappingNode, QueueNode, SourceNode, TopicNode } from "./flow-nodes";
import { text } from "./flow-texts";
import { isAway, mappingsOf, serverName, topicNames, topicOf } from "./names";
import type { PipelineState } from "./types";
import { type Wire, Wires } from "./wires";

/** Where the middles of a column's parts are, in parts of a hundred of its height. The sheet gives the parts these heights. */
const INGESTOR = 68;
const [POSTGRES, REDIS, MONGO] = [10, 50, 90];
const middle = (index: number, of: number): number => ((index + 0.5) / of) * 100;

export function Flow({ state }: { state: PipelineState }) {
  const topics = topicNames(state);
  const mappings = topics.flatMap((topic) => mappingsOf(state, topic));
  const isGone = (name: string): boolean => isAway(state, name);
  return (
    <section class="card flow-card" aria-labelledby="flow-title">
      <h2 id="flow-title" class="unseen">
        {text().title}
      </h2>
      <div class="flow">
        <h3 class="of-source">{text().sources}</h3>
        <div class="column of-source">
          <SourceNode state={state} />
          <IngestorNode state={state} />
        </div>
        <Wires area="from-source" wires={fromSource(state, topics)} />

        <h3 class="of-topic">
          {serverName("kafka")} {text().topics} <Heading state={state} server="kafka" />
        </h3>
        <ul class="column of-topic">
          {topics.map((name) => (
            <TopicNode key={name} name={name} topic={topicOf(state, name)} now={Date.parse(state.now)} />
          ))}
        </ul>
        <Wires area="from-topic" wires={fromTopics(state, topics)} />

        <h3 class="of-mapping">{text().handlers}</h3>
        <ul class="column of-mapping">
          {mappings.map((mapping) => (
            <MappingNode key={mapping.function} mapping={mapping} />
          ))}
        </ul>
        <Wires area="from-mapping" wires={toStores(state, topics)} />

        <h3 class="of-store">{text().stores}</h3>
        <div class="column of-store">
          <ServerNode state={state} server="postgres" what={text().tables} warning={state.table_is_broken ? text().broken : undefined} />
          <RedisNode state={state} />
          <ServerNode state={state} server="mongo" what={text().clicks} />
        </div>
        <Wires area="from-store" wires={toReads(state)} />

        <h3 class="of-read">{text().reads}</h3>
        <ApiNodes state={state} />

        <QueueNode state={state} role="backup" isUsed={isGone("kafka")} />
        <QueueNode state={state} role="dead_letters" isUsed={false} />
      </div>
    </section>
  );
}

/** The badge of a server that is a whole column. */
function Heading({ state, server }: { state: PipelineState; server: string }) {
  const found = state.servers.find((each) => each.name === server);
  return found === undefined ? null : <StateBadge state={found.state} />;
}

function fromSource(state: PipelineState, topics: readonly string[]): Wire[] {
  const isCut = isAway(state, "kafka");
  return topics.map((name, index) => {
    const passed = topicOf(state, name)?.records;
    return { name, from: INGESTOR, to: middle(index, topics.length), isCut, ...(passed === undefined ? {} : { passed }) };
  });
}

function fromTopics(state: PipelineState, topics: readonly string[]): Wire[] {
  const isCut = isAway(state, "kafka");
  return topics.flatMap((topic, index) =>
    mappingsOf(state, topic).map((mapping, place, all) => {
      const to = ((index + (place + 0.5) / all.length) / topics.length) * 100;
      return { name: mapping.function, from: middle(index, topics.length), to, passed: mapping.batches, isCut };
    }),
  );
}

/** Handlers of `exchange_rate_updated` store and clear; the others clear and fill caches; Currency reads its table when new data are announced. */
function toStores(state: PipelineState, topics: readonly string[]): Wire[] {
  return topics.flatMap((topic, index) =>
    mappingsOf(state, topic).flatMap((mapping, place, all) => {
      const from = ((index + (place + 0.5) / all.length) / topics.length) * 100;
      const isRead = mapping.function === "currency-new-data-received";
      const stores = topic === "exchange_rate_updated" ? ["postgres", "redis"] : isRead ? ["postgres"] : ["redis"];
      return stores.map((store) => ({
        name: `${mapping.function} ${store}`,
        from,
        to: store === "postgres" ? POSTGRES : REDIS,
        passed: mapping.batches,
        isCut: isAway(state, store),
      }));
    }),
  );
}

/** Readers are answered by Redis, else by PostgreSQL; the ranking by MongoDB. */
function toReads(state: PipelineState): Wire[] {
  const withoutRedis = isAway(state, "redis");
  return state.reads.flatMap(({ function: name, requests }, index) => {
    const to = middle(index, state.reads.length);
    if (name === "ranking-api") return [{ name, from: MONGO, to, passed: requests, isCut: isAway(state, "mongo") }];
    const spare = { name: `${name} store`, from: POSTGRES, to, isCut: isAway(state, "postgres"), isSpare: !withoutRedis };
    return [withoutRedis ? { ...spare, passed: requests } : spare, { name: `${name} cache`, from: REDIS, to, passed: requests, isCut: withoutRedis }];
  });
}
