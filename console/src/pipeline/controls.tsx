// What somebody can do to the pipeline, to see what it makes of it: have it fetch, give it bad records, and take its servers away.
import { useState } from "preact/hooks";
import { count } from "../core/format";
import { texts } from "../core/language";
import { href } from "../core/route";
import { StateBadge } from "./badges";
import { pipeline } from "./client";
import { useFocusKept } from "./focus";
import { serverName } from "./names";
import { useAction } from "./toast";
import type { PipelineState, PoisonKind, ServerState } from "./types";

const text = texts({
  ko: {
    title: "직접 해 보기",
    run: "지금 수집",
    running: "수집하는 중…",
    force: "이미 발행한 환율도 다시 발행",
    runWhat: "수집기를 한 번 실행합니다.",
    ran: (count: string) => `수집했습니다. 이벤트 ${count}건을 보냈습니다.`,
    backedUp: (count: string) => `그중 ${count}건은 백업 큐에서 Kafka를 기다립니다.`,
    timeline: "이 수집의 타임라인",
    poison: "포이즌 레코드 보내기",
    unreadable: "읽을 수 없는 레코드",
    unreadableWhat: "환율이 −1인 레코드. 두 서비스가 모두 거절하고, 재처리해도 다시 거절합니다. 삭제하면 사라집니다.",
    store: "저장소가 거절하는 레코드",
    storeWhat: "USD의 최신 환율을 History의 테이블이 거절하게 합니다. 테이블을 고치고 재처리하면 적용됩니다.",
    poisoned: (where: string) => `보냈습니다: ${where}. 잠시 뒤 데드레터에 나타나고, 나머지 레코드는 그대로 흐릅니다.`,
    mend: "테이블 고치기",
    mended: "History의 테이블을 고쳤습니다. 이제 데드레터를 재처리하면 적용됩니다.",
    servers: "서버 멈춰 보기",
    serversSeen: "서버",
    stop: "멈추기",
    start: "시작",
    stopped: (name: string) => `${name} 서버를 멈췄습니다. 위에서 무엇이 계속되는지 보십시오.`,
    started: (name: string) => `${name} 서버를 시작했습니다. 밀린 일을 따라잡습니다.`,
  },
  en: {
    title: "Try it",
    run: "Fetch now",
    running: "Fetching…",
    force: "publish again what is published",
    runWhat: "Runs the ingestor once.",
    ran: (count: string) => `Fetched: ${count} events were sent.`,
    backedUp: (count: string) => `${count} of them wait in the backup queue for Kafka.`,
    timeline: "This run's timeline",
    poison: "Send a poison record",
    unreadable: "One that cannot be read",
    unreadableWhat: "A rate of −1. Both services refuse it, and refuse a replay again; a purge removes it.",
    store: "One the store refuses",
    storeWhat: "History's table is made to refuse the newest rate of USD. Mend the table, and a replay applies it.",
    poisoned: (where: string) => `Sent: ${where}. It will be among the dead letters in a moment, while all other records flow.`,
    mend: "Mend the table",
    mended: "History's table is mended. A replay of the dead letter applies it now.",
    servers: "Stop a server",
    serversSeen: "Servers",
    stop: "Stop",
    start: "Start",
    stopped: (name: string) => `${name} is stopped. See above what goes on.`,
    started: (name: string) => `${name} is started, and what waited is caught up with.`,
  },
});

/** `again` asks for the state at once, so that what a button did is seen. */
export function Controls({ state, again }: { state: PipelineState; again: () => void }) {
  return (
    <section class={`card controls ${state.may_control ? "" : "seen"}`} aria-label={text().title}>
      {state.may_control && (
        <>
          <Run again={again} />
          <Poison isBroken={state.table_is_broken} again={again} />
        </>
      )}
      <div class="servers">
        <h3>{state.may_control ? text().servers : text().serversSeen}</h3>
        <ul>
          {state.servers.map((server) => (
            <Server key={server.name} server={server} mayControl={state.may_control} again={again} />
          ))}
        </ul>
      </div>
    </section>
  );
}

const timeline = (id: string) => ({ href: href(["pipeline", "run", id]), text: () => text().timeline });

function Run({ again }: { again: () => void }) {
  const [isForced, setForced] = useState(true);
  const [isBusy, act] = useAction();
  const run = (): Promise<void> =>
    act(async () => {
      const { correlation_id: id, events, backed_up: kept } = await pipeline.run(isForced);
      again();
      const sent = Object.values(events).reduce((sum, each) => sum + each, 0);
      return { isGood: true, text: () => `${text().ran(count(sent))}${kept > 0 ? ` ${text().backedUp(count(kept))}` : ""}`, link: timeline(id) };
    });
  return (
    <div>
      <h3>{text().run}</h3>
      <p class="small">{text().runWhat}</p>
      <p>
        <label class="check">
          <input type="checkbox" checked={isForced} onChange={(event) => setForced(event.currentTarget.checked)} /> {text().force}
        </label>
      </p>
      <button type="button" class="primary" data-testid="run" aria-disabled={isBusy} onClick={run}>
        {isBusy ? text().running : text().run}
      </button>
    </div>
  );
}

function Poison({ isBroken, again }: { isBroken: boolean; again: () => void }) {
  const [isBusy, act] = useAction();
  const { heading, onFocusCapture } = useFocusKept<HTMLHeadingElement>();
  const send = (kind: PoisonKind): Promise<void> =>
    act(async () => {
      const { topic, partition, offset, correlation_id: id } = await pipeline.poison(kind);
      again();
      const where = partition === null || offset === null ? topic : `${topic}-${partition}@${offset}`;
      return { isGood: true, text: () => text().poisoned(where), ...(id ? { link: timeline(id) } : {}) };
    });
  const mend = (): Promise<void> =>
    act(async () => {
      await pipeline.mend();
      again();
      return { isGood: true, text: () => text().mended };
    });
  return (
    <div class="poison" onFocusCapture={onFocusCapture}>
      <h3 ref={heading} tabIndex={-1}>
        {text().poison}
      </h3>
      <div class="kinds">
        <button type="button" data-testid="poison-unreadable" aria-disabled={isBusy} aria-describedby="what-unreadable" onClick={() => send("unreadable")}>
          {text().unreadable}
        </button>
        <p class="small" id="what-unreadable">
          {text().unreadableWhat}
        </p>
        <button type="button" data-testid="poison-store" aria-disabled={isBusy} aria-describedby="what-store" onClick={() => send("refused_by_store")}>
          {text().store}
        </button>
        <p class="small" id="what-store">
          {text().storeWhat}
        </p>
      </div>
      {isBroken && (
        <button type="button" class="primary" data-testid="mend" aria-disabled={isBusy} onClick={mend}>
          {text().mend}
        </button>
      )}
    </div>
  );
}

function Server({ server, mayControl, again }: { server: ServerState; mayControl: boolean; again: () => void }) {
  const [isBusy, act] = useAction();
  const isUp = server.state === "running";
  const name = serverName(server.name);
  const toggle = (): Promise<void> =>
    act(async () => {
      const doing = isUp ? pipeline.stop(server.name) : pipeline.start(server.name);
      again();
      await doing;
      again();
      return { isGood: true, text: () => (isUp ? text().stopped(name) : text().started(name)) };
    });
  const isNamed = server.label.includes(name);
  const isMoving = server.state === "starting" || server.state === "stopping";
  return (
    <li data-testid={`server-${server.name}`} data-state={server.state}>
      <span>
        <strong>{isNamed ? server.label : name}</strong> {!isNamed && <span class="small">{server.label}</span>}
      </span>
      <StateBadge state={server.state} />
      {mayControl && server.may_stop && (
        <button
          type="button"
          data-testid={`server-${server.name}-toggle`}
          aria-label={`${name}: ${isUp ? text().stop : text().start}`}
          aria-disabled={isBusy || isMoving}
          onClick={() => !isMoving && toggle()}
        >
          {isUp || server.state === "stopping" ? text().stop : text().start}
        </button>
      )}
    </li>
  );
}
