// Up to ten currencies beside each other, each from where it was at the period's start.
import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { get } from "../core/api";
import * as format from "../core/format";
import { texts } from "../core/language";
import { Chart } from "../parts/chart";
import { type Choice, choose, most } from "./choice";
import { ComparedTable, Matrix } from "./compared";
import { type Known, knownName } from "./currencies";
import { Difference } from "./difference";
import { ContentWithEnoughData } from "./enough-data";
import { type ComparedPeriod, drawLines, type Lines, loadLines } from "./lines";
import { type Refresh, useLastData, useRefreshed } from "./refresh";

const text = texts({
  ko: {
    title: "통화 비교",
    lead: (base: string) => `${base} 기준, 기간 시작 대비 변동률`,
    year: "비교는 최근 1년까지 할 수 있습니다.",
    add: "통화 추가",
    addOne: "비교할 통화 추가…",
    remove: (code: string) => `${code} 빼기`,
    full: "10개까지 비교할 수 있습니다",
    alone: "비교할 통화를 하나 이상 추가하세요.",
    label: (names: string) => `기간 시작 대비 변동률 차트: ${names}. 좌우 화살표 키로 값을 읽을 수 있습니다.`,
    none: "값 없음",
  },
  en: {
    title: "Compare currencies",
    lead: (base: string) => `Change since the period's start, priced in ${base}`,
    year: "Comparisons go back a year at most.",
    add: "Add a currency",
    addOne: "Add a currency…",
    remove: (code: string) => `Remove ${code}`,
    full: "Ten can be compared",
    alone: "Add at least one currency to compare with.",
    label: (names: string) => `Chart of the change since the period's start: ${names}. Left and right arrow keys read values.`,
    none: "no value",
  },
});

export function CompareCard({ choice, known, refresh }: { choice: Choice; known: Known | undefined; refresh: Refresh }) {
  const at = useSignal<number | undefined>(undefined);
  const codes = [choice.code, ...choice.beside];
  const period: ComparedPeriod = choice.period === "all" ? "1y" : choice.period;
  const key = `${codes.join()} ${choice.base} ${period}`;
  const lines = useLastData(useRefreshed(`lines ${key}`, refresh, (signal) => loadLines(codes, choice.base, period, signal), (data) => data.recordedAt));
  const isAlone = codes.length < 2;
  // Numbers of currencies without any history would be refused with the same words.
  const isRefused = lines.polled.data === undefined && lines.polled.error !== undefined;
  return (
    <section class="card compare" data-testid="compare" aria-labelledby="compare-title" aria-busy={lines.isOld}>
      <h2 id="compare-title">{text().title}</h2>
      <p class="faint note">
        {text().lead(choice.base)} {choice.period === "all" && text().year}
      </p>
      <Chips choice={choice} known={known} lines={lines.polled.data} at={at} />
      <div class={lines.isOld ? "waiting" : "ready"}>
        <ContentWithEnoughData of={lines.polled}>{(data) => <Drawn lines={data} at={at} known={known} />}</ContentWithEnoughData>
      </div>
      {isAlone && <p class="few">{text().alone}</p>}
      {!isAlone && !isRefused && <Numbers codes={codes} base={choice.base} period={period} known={known} refresh={refresh} />}
    </section>
  );
}

function Numbers({ codes, base, period, known, refresh }: { codes: readonly string[]; base: string; period: ComparedPeriod; known: Known | undefined; refresh: Refresh }) {
  const comparison = useLastData(
    useRefreshed(`compare ${codes.join()} ${base} ${period}`, refresh, (signal) => get("/api/v1/history/compare", { targets: codes.join(","), base, period }, { signal }), (data) => data.recorded_at),
  );
  return (
    <div class={comparison.isOld ? "waiting" : "ready"}>
      <ContentWithEnoughData of={comparison.polled}>
        {(data) => (
          <div class="compared">
            <ComparedTable of={data} codes={codes} known={known} />
            <Matrix of={data} codes={codes} />
          </div>
        )}
      </ContentWithEnoughData>
    </div>
  );
}

function Drawn({ lines, at, known }: { lines: Lines; at: Signal<number | undefined>; known: Known | undefined }) {
  const drawing = useMemo(() => drawLines(lines), [lines]);
  const valueAt = (code: string, day: string | undefined): string => {
    const value = day === undefined ? undefined : lines.lines.find((line) => line.code === code)?.changes.get(day);
    return `${code} ${value === undefined ? text().none : format.percent(value)}`;
  };
  const names = lines.lines.map(({ code, changes }) => `${knownName(known, code) || code} ${valueAt(code, [...changes.keys()].at(-1))}`).join(", ");
  const say = (index: number): string => {
    const day = lines.days[index];
    return day === undefined ? "" : `${format.day(day)}: ${lines.lines.map(({ code }) => valueAt(code, day)).join(", ")}`;
  };
  return <Chart drawing={drawing} label={text().label(names)} at={at} say={say} testid="compare-chart" />;
}

/** Legend, read-out and choice in one: who is compared, in which colour, and how far each went up to the cursor. */
function Chips({ choice, known, lines, at }: { choice: Choice; known: Known | undefined; lines: Lines | undefined; at: Signal<number | undefined> }) {
  const { code, base, beside } = choice;
  const codes = [code, ...beside];
  const day = lines?.days[at.value ?? lines.days.length - 1];
  const remove = (other: string, button: HTMLElement): void => {
    focusBeside(button);
    choose(code, { beside: beside.filter((kept) => kept !== other) });
  };
  const free = known === undefined ? [] : [...known.quoted].filter((other) => other !== base && !codes.includes(other)).sort();
  return (
    <>
      <ul class="chips">
        {codes.map((other, index) => {
          const line = lines?.lines.find((line) => line.code === other);
          const value = day === undefined ? undefined : (line?.changes.get(day) ?? (at.value === undefined ? [...(line?.changes.values() ?? [])].at(-1) : undefined));
          return (
            <li key={other}>
              <span class={`swatch line-${index + 1}`} aria-hidden="true" />
              <b>{other}</b> <span class="faint name">{knownName(known, other)}</span>
              <span class="value">{value !== undefined && <Difference percent={value} />}</span>
              {other !== code && (
                <button type="button" aria-label={text().remove(other)} title={text().remove(other)} onClick={(event) => remove(other, event.currentTarget)}>
                  <span aria-hidden="true">×</span>
                </button>
              )}
            </li>
          );
        })}
        <li class="add">
          <select
            data-testid="compare-add"
            aria-label={text().add}
            value=""
            disabled={codes.length >= most}
            onChange={(event) => {
              const { value } = event.currentTarget;
              event.currentTarget.value = "";
              if (value !== "") choose(code, { beside: [...beside, value] });
            }}
          >
            <option value="">{codes.length >= most ? text().full : text().addOne}</option>
            {free.map((other) => (
              <option key={other} value={other}>
                {`${other} ${knownName(known, other)}`}
              </option>
            ))}
          </select>
        </li>
      </ul>
      {day !== undefined && <p class="faint note at">{format.day(day)}</p>}
    </>
  );
}

/** The button goes with its chip, and whoever pressed it by a key goes on at the next chip, or where one is added. */
function focusBeside(button: HTMLElement): void {
  const chip = button.closest("li");
  const places = [chip?.nextElementSibling, chip?.previousElementSibling].map((place) => place?.querySelector<HTMLElement>("button, select:enabled"));
  places.find((place) => place != null)?.focus();
}
