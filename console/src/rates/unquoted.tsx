// The currencies that are known and have no rate now: those whose source has stopped, those that have ended, and those that no source quotes.
import { useState } from "preact/hooks";
import * as format from "../core/format";
import { nameOf, texts } from "../core/language";
import { href } from "../core/route";
import type { Currency, Ended } from "./today";

const text = texts({
  ko: {
    interrupted: "고시가 중단된 통화",
    why: "출처가 정해진 날에 새 환율을 내지 않아 오늘의 환율이 없습니다. 마지막 환율은 그날의 것입니다.",
    ended: (count: string) => `더 이상 쓰이지 않는 통화 ${count}개`,
    title: (count: string) => `지금 출처가 고시하지 않는 통화 ${count}개`,
    last: (day: string) => `마지막 환율 ${day}`,
  },
  en: {
    interrupted: "Interrupted",
    why: "Their source has not set new rates on its days, so there is none of today. The last rate is of its own day.",
    ended: (count: string) => `No longer used: ${count}`,
    title: (count: string) => `Not quoted by the source now: ${count}`,
    last: (day: string) => `last rate ${day}`,
  },
});

interface Props {
  currencies: readonly Currency[];
  ended: ReadonlyMap<string, Ended>;
  /** Whether somebody looked for one of them. */
  isSought: boolean;
}

export function UnquotedCurrencies({ currencies, ended, isSought }: Props) {
  const stateOf = ({ currency_code: code }: Currency) => ended.get(code)?.state;
  const interrupted = currencies.filter((currency) => stateOf(currency) === "interrupted");
  const past = currencies.filter((currency) => stateOf(currency) === "ended");
  const never = currencies.filter((currency) => stateOf(currency) === undefined);
  return (
    <>
      {interrupted.length > 0 && (
        <section class="unquoted" data-testid="interrupted" aria-labelledby="interrupted-title">
          <h2 id="interrupted-title">{text().interrupted}</h2>
          <p class="faint">{text().why}</p>
          <Names of={interrupted} ended={ended} />
        </section>
      )}
      <Folded testid="ended" title={text().ended(format.count(past.length))} of={past} ended={ended} isSought={isSought} />
      <Folded testid="without-rate" title={text().title(format.count(never.length))} of={never} ended={ended} isSought={isSought} />
    </>
  );
}

/** Closed, unless somebody looked for one of them. */
function Folded({ testid, title, of, ended, isSought }: { testid: string; title: string; of: readonly Currency[] } & Omit<Props, "currencies">) {
  const [isOpen, setOpen] = useState(false);
  if (of.length === 0) return null;
  const isShown = isOpen || isSought;
  return (
    <details class="unquoted" data-testid={testid} open={isShown} onToggle={(event) => !isSought && setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isShown && <Names of={of} ended={ended} />}
    </details>
  );
}

function Names({ of, ended }: { of: readonly Currency[]; ended: ReadonlyMap<string, Ended> }) {
  return (
    <ul>
      {of.map((currency) => {
        const end = ended.get(currency.currency_code);
        return (
          <li key={currency.currency_code} data-code={currency.currency_code}>
            <span class="code">{currency.currency_code}</span> <a href={href(["currency", currency.currency_code])}>{nameOf(currency)}</a>
            {end && <span class="faint last"> {text().last(format.day(end.last_date))}</span>}
          </li>
        );
      })}
    </ul>
  );
}

const lastRate = texts({
  ko: { notice: (code: string, day: string) => `${code}의 마지막 환율은 ${day}의 것이고, 지금 환율은 없습니다.` },
  en: { notice: (code: string, day: string) => `${code} has no current rate; its last one is of ${day}.` },
});

/** That a currency has a rate no more, in a sentence. */
export const lastRateNotice = (code: string, day: string): string => lastRate().notice(code, format.day(day));
