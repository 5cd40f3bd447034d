// What the ingestor holds back because it jumped: since when, from what to what, and a button that has it published.
import type { Decimal } from "../core/decimal";
import * as format from "../core/format";
import { texts } from "../core/language";
import { href } from "../core/route";
import { sourceName } from "../core/source";
import { TableHead } from "../parts/table-head";
import { pipeline } from "./client";
import { useFocusKept } from "./focus";
import { useAction } from "./toast";
import type { Held, PipelineState } from "./types";

const text = texts({
  ko: {
    title: "보류된 환율",
    lead: "크게 움직여 아직 발행하지 않은 환율입니다. 두 번째 출처가 확인하거나, 같은 출처의 다음 두 고시가 2% 안에서 일치하거나, 사람이 해제하면 보류된 날을 모두 차례로 발행합니다.",
    command: "명령으로 해제하려면 수집기를 이렇게 호출합니다:",
    unknown: "Redis가 없거나 그 내용을 읽을 수 없어, 보류된 환율이 있는지 알 수 없습니다.",
    caption: "통화별 보류된 환율",
    currency: "통화",
    since: "보류 시작",
    move: "출처 시세의 변화",
    change: "변화율",
    doing: "할 일",
    release: "해제",
    releaseOf: (code: string) => `${code} 해제`,
    released: (code: string, count: string) => `${code}의 보류를 해제하도록 수집기를 실행했습니다. 이벤트 ${count}건을 보냈습니다.`,
    days: (count: string) => `${count}회 고시`,
    from: (day: string) => `${day} 고시`,
    timeline: "이 수집의 타임라인",
  },
  en: {
    title: "Held back",
    lead: "Rates that moved far and are not published yet. When a second source confirms them, when the next two publications of the same source agree within 2 %, or when somebody releases them, every day that was held is published, in order.",
    command: "To release by a command, invoke the ingestor with this:",
    unknown: "Redis is away or has what cannot be read, so nobody knows whether rates are held back.",
    caption: "What is held back of each currency",
    currency: "Currency",
    since: "Held since",
    move: "The source's own quotation",
    change: "Change",
    doing: "Do",
    release: "Release",
    releaseOf: (code: string) => `Release ${code}`,
    released: (code: string, count: string) => `The ingestor was run to release ${code}: ${count} events were sent.`,
    days: (count: string) => `${count} publications`,
    from: (day: string) => `of ${day}`,
    timeline: "This run's timeline",
  },
});

/** Nothing where nothing is held back. */
export function HeldRates({ state, again }: { state: PipelineState; again: () => void }) {
  const { held, may_control: mayControl } = state;
  const { heading, onFocusCapture } = useFocusKept<HTMLHeadingElement>();
  if (held?.length === 0) return null;
  return (
    <section class="card held" data-testid="held" aria-labelledby="held-title" onFocusCapture={onFocusCapture}>
      <h2 id="held-title" ref={heading} tabIndex={-1}>
        {text().title} {held && <span class="faint">{format.count(held.length)}</span>}
      </h2>
      {held ? (
        <>
          <p class="small">{text().lead}</p>
          <div class="scroll" tabIndex={0} role="region" aria-label={text().caption}>
            <table>
              <caption class="unseen">{text().caption}</caption>
              <TableHead columns={[text().currency, text().since, text().move, text().change, ...(mayControl ? [text().doing] : [])]} />
              <tbody>
                {held.map((one) => (
                  <Row key={`${one.source} ${one.currency_code}`} of={one} mayControl={mayControl} again={again} />
                ))}
              </tbody>
            </table>
          </div>
          <p class="small">
            {text().command} <code data-testid="release-command">{command(held)}</code>
          </p>
        </>
      ) : (
        <p class="warn">{text().unknown}</p>
      )}
    </section>
  );
}

/** For a shell in the project's folder. */
const command = (held: readonly Held[]): string =>
  `echo '${JSON.stringify({ release: [...new Set(held.map(({ currency_code: code }) => code))] })}' > /tmp/release.json && ./localstack/invoke ingestor /tmp/release.json`;

function Row({ of, mayControl, again }: { of: Held; mayControl: boolean; again: () => void }) {
  const [isBusy, act] = useAction();
  const { currency_code: code } = of;
  const release = (): Promise<void> =>
    act(async () => {
      const { correlation_id: id, events } = await pipeline.release(code);
      again();
      const sent = Object.values(events).reduce((sum, each) => sum + each, 0);
      return { isGood: true, text: () => text().released(code, format.count(sent)), link: { href: href(["pipeline", "run", id]), text: () => text().timeline } };
    });
  const quotation = (value: string, at: string) => (
    <>
      <b>{format.exact(value as Decimal)}</b> <span class="faint">{text().from(format.day(at))}</span>
    </>
  );
  return (
    <tr data-testid="held-row" data-code={code}>
      <th scope="row">
        {code} <span class="faint">{sourceName(of.source)}</span>
      </th>
      <td>
        <time dateTime={of.held_since}>{format.instant(of.held_since)}</time> <span class="faint">{text().days(format.count(of.observations))}</span>
      </td>
      <td>
        {quotation(of.previous, of.previous_at)} → {quotation(of.quotation, of.recorded_at)}
      </td>
      <td class="number">{format.percent(of.change_percent as Decimal)}</td>
      {mayControl && (
        <td>
          <button type="button" data-testid={`release-${code}`} aria-label={text().releaseOf(code)} aria-disabled={isBusy} onClick={release}>
            {text().release}
          </button>
        </td>
      )}
    </tr>
  );
}
