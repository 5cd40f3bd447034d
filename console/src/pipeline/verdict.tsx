// The first thing to see: one sentence on how everything fares, what the promises say of a server that is away, and a reader's answers as evidence.
import { age, count, duration, number, rate } from "../core/format";
import { texts } from "../core/language";
import { Sign } from "./badges";
import { RESPONSE_TIMEOUT_MS } from "./client";
import { backlog, type Fact, type Health, type Level } from "./health";
import { type Probe, PROBE_COUNT, useProbe } from "./probe";
import { EnglishText } from "./stack-error";
import type { PipelineState } from "./types";

const text = texts({
  ko: {
    levels: { good: "정상", warn: "주의", bad: "장애" } as Record<Level, string>,
    kinds: { works: "계속", waits: "대기", refused: "거절" } as Record<Fact["kind"], string>,
    backlog: "밀린 이벤트",
    pace: "이벤트/초",
    run: "마지막 수집",
    never: "아직 없음",
    unknown: "알 수 없음",
    lost: "로컬 스택에 연결할 수 없습니다. 1초마다 다시 연결해 봅니다.",
    start: "./localstack/up으로 시작할 수 있습니다.",
    old: (when: string) => `아래는 ${when}의 모습입니다.`,
    reader: "지금 조회하면",
    from: { cache: "캐시에서", store: "PostgreSQL에서", none: "답이 없음" } as Record<Probe["from"], string>,
    unreachable: "API에 연결할 수 없음",
    late: (seconds: string) => `${seconds}초 안에 답이 없음`,
    asking: "조회 중…",
    probes: (all: number, cache: number, store: number, none: number) =>
      `최근 조회 ${all}번: 캐시 ${cache}, PostgreSQL ${store}, 답 없음 ${none}`,
  },
  en: {
    levels: { good: "Good", warn: "Attention", bad: "Down" } as Record<Level, string>,
    kinds: { works: "works", waits: "waits", refused: "refused" } as Record<Fact["kind"], string>,
    backlog: "Events waiting",
    pace: "Events/s",
    run: "Last run",
    never: "none yet",
    unknown: "unknown",
    lost: "The local stack cannot be reached. It is asked again every second.",
    start: "./localstack/up starts it.",
    old: (when: string) => `What follows is as it was ${when}.`,
    reader: "A reader gets",
    from: { cache: "from the cache", store: "from PostgreSQL", none: "no answer" } as Record<Probe["from"], string>,
    unreachable: "the API cannot be reached",
    late: (seconds: string) => `no answer within ${seconds} s`,
    asking: "asking…",
    probes: (all: number, cache: number, store: number, none: number) =>
      `The last ${all} reads: ${cache} from the cache, ${store} from PostgreSQL, ${none} without an answer`,
  },
});

/** The verdict on `state`; nothing while the stack has never answered. `lostAt` is when it answered last, if it no longer does. */
export function Verdict({ health, state, lostAt }: { health: Health | undefined; state: PipelineState | undefined; lostAt: number | undefined | false }) {
  const isLost = lostAt !== false;
  const level: Level = isLost ? "bad" : (health?.level ?? "good");
  return (
    <section class={`card verdict ${level}`} data-testid="verdict" data-verdict={level}>
      <div class="assessed">
        <Sign level={level} size={34} />
        <div>
          <p class="sentence" role="status">
            <span class="unseen">{text().levels[level]}: </span>
            {isLost ? text().lost : health?.sentence} {!isLost && health?.reason && <EnglishText of={health.reason} />}
          </p>
          {isLost && <p class="faint">{lostAt === undefined ? text().start : text().old(age(lostAt, Date.now()))}</p>}
          {!isLost && state && <Figures state={state} />}
        </div>
      </div>
      <Reader />
      {!isLost && health && health.facts.length > 0 && (
        <ul class="facts">
          {health.facts.map(({ kind, says }) => (
            <li key={says}>
              <span class={`badge ${kind === "works" ? "good" : kind === "waits" ? "warn" : "bad"}`}>{text().kinds[kind]}</span> {says}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Figures({ state }: { state: PipelineState }) {
  const waiting = backlog(state);
  const paces = state.topics?.map((topic) => topic.per_second) ?? [null];
  const pace = paces.includes(null) ? null : paces.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const last = state.ingestor.last_at;
  const figures = [
    [text().backlog, waiting === null ? text().unknown : count(waiting)],
    [text().pace, pace === null ? text().unknown : number(pace, 1)],
    [text().run, last === null ? text().never : age(Date.parse(last), Date.parse(state.now))],
  ] as const;
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Reader() {
  const probes = useProbe();
  const last = probes.at(-1);
  return (
    <div class="reader" data-testid="probe" data-served-from={last?.from ?? "none"}>
      <div>
        <span class="faint">{text().reader}</span>
        <p>{last === undefined ? text().asking : <Answer of={last} />}</p>
      </div>
      {probes.length > 0 && <History of={probes} />}
    </div>
  );
}

function Answer({ of }: { of: Probe }) {
  const { refusal } = of;
  if (refusal === "late") return <strong class="bad">{text().late(count(RESPONSE_TIMEOUT_MS / 1000))}</strong>;
  if (of.rate === undefined) return <strong class="bad">{typeof refusal === "object" ? refusal.message : text().unreachable}</strong>;
  return (
    <>
      <strong>USD {rate(of.rate)}</strong> · <span class={of.from === "cache" ? "good" : "warn"}>{text().from[of.from]}</span> · {duration(of.ms)}
    </>
  );
}

/** The last answers: a full bar from the cache, a hollow one from the store, a cross where there was none. Their heights grow with the time taken. */
function History({ of }: { of: readonly Probe[] }) {
  const many = (from: Probe["from"]): number => of.filter((probe) => probe.from === from).length;
  const height = (ms: number): number => Math.min(26, 4 + 6 * Math.log2(1 + ms / 3));
  return (
    <svg class="probes" width={PROBE_COUNT * 5} height="28" role="img" aria-label={text().probes(of.length, many("cache"), many("store"), many("none"))}>
      {of.map(({ from, ms }, index) => {
        const x = (PROBE_COUNT - of.length + index) * 5;
        if (from === "none") return <path key={index} class="none" d={`M${x + 0.5} 23l3 4m0 -4l-3 4`} />;
        const tall = height(ms);
        return <rect key={index} class={from} x={x + 0.5} y={27.5 - tall} width="3" height={tall} />;
      })}
    </svg>
  );
}
