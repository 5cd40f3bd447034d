// An amount in another currency. The API reckons; this shows its answer with every digit and where it came from.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Schemas } from "../core/api";
import { newestDay } from "../core/day";
import * as format from "../core/format";
import { language, nameOf, texts } from "../core/language";
import { sourceName } from "../core/source";
import { type Question, useConversion } from "./conversion";
import type { Currency, Today } from "./today";
import { lastRateNotice } from "./unquoted";

const text = texts({
  ko: {
    title: "환율 계산기",
    amount: "금액",
    date: "날짜 (선택)",
    from: "바꿀 통화",
    to: "받을 통화",
    swap: "두 통화 바꾸기",
    rated: "환율이 있는 통화",
    others: "오늘 환율이 없는 통화",
    every: "전체 자릿수",
    rate: "적용 환율",
    day: "환율 날짜",
    path: "계산 근거",
    instead: (asked: string) => `${asked}에는 고시된 환율이 없어 그 전 마지막 환율을 씁니다`,
    away: "지금은 계산할 수 없습니다.",
    past: "현재 환율이 없는 통화(마지막 날)",
    onDay: (day: string) => `${day} 환율로 계산`,
    never: "두 통화의 환율이 함께 있는 날이 없습니다.",
    waiting: "계산 중…",
  },
  en: {
    title: "Converter",
    amount: "Amount",
    date: "Date (optional)",
    from: "From",
    to: "To",
    swap: "Swap the currencies",
    rated: "Currencies with a rate",
    others: "Without a rate today",
    every: "All digits",
    rate: "Rate",
    day: "Rate of",
    path: "Made from",
    instead: (asked: string) => `The last one before ${asked}, which has none`,
    away: "Nothing can be converted now.",
    past: "No current rate (last day)",
    onDay: (day: string) => `Convert at the rates of ${day}`,
    never: "There is no day on which both have a rate.",
    waiting: "Converting…",
  },
});

/** `at` is when the rates came; it changes with each good poll. */
export function Converter({ of, at }: { of: Today | undefined; at: number | undefined }) {
  const [question, setQuestion] = useState<Question>({ amount: "100", from: "USD", to: "KRW", date: "" });
  const set = (part: Partial<Question>): void => setQuestion((former) => ({ ...former, ...part }));
  const { amount, from, to, date } = question;
  const version = of ? [from, to].map((code) => of.rates.get(code)?.unit_rate ?? code).join() : "";
  const { conversion, isFormer, refusal, isAway } = useConversion(question, version, at);
  const isCalm = useCalm(of !== undefined);
  // Rates of different days are not crossed: where one of the two has ended, the last day that both have is offered, if there is one.
  const past = refusal && date === "" ? [from, to].flatMap((code) => of?.ended.get(code) ?? []) : [];
  const lastDay = refusal?.day;
  const known = new Map(of?.known.map((currency) => [currency.currency_code, currency]));
  const refusalOf = (...fields: (string | undefined)[]) => (
    <span id={`convert-${fields[0]}-trouble`} class="field-trouble" role="status" lang="en">
      {refusal && past.length === 0 && fields.includes(refusal.field) ? refusal.message : ""}
    </span>
  );
  const invalid = (field: string) => ({ "aria-invalid": refusal?.field === field, "aria-describedby": `convert-${field}-trouble` });
  const choice = (field: "from" | "to") => (
    <>
      <label for={`convert-${field}`}>{text()[field]}</label>
      <select id={`convert-${field}`} data-testid={`convert-${field}`} value={question[field]} {...invalid(field)} onChange={(event) => set({ [field]: event.currentTarget.value })}>
        <Options of={isCalm ? of : undefined} chosen={question[field]} />
      </select>
    </>
  );
  return (
    <section class="card converter" data-testid="converter" aria-labelledby="converter-title">
      <h2 id="converter-title">{text().title}</h2>
      <div class="fields">
        <div class="field">
          <label for="convert-amount">{text().amount}</label>
          <input
            id="convert-amount"
            data-testid="convert-amount"
            class="number"
            inputMode="decimal"
            autocomplete="off"
            maxLength={80}
            value={amount}
            {...invalid("amount")}
            onInput={(event) => set({ amount: event.currentTarget.value })}
          />
        </div>
        <div class="field">
          <label for="convert-date">{text().date}</label>
          <input
            id="convert-date"
            data-testid="convert-date"
            type="date"
            min="1970-01-01"
            max={newestDay(Date.now())}
            value={date}
            {...invalid("date")}
            onInput={(event) => set({ date: event.currentTarget.value })}
          />
        </div>
        {refusalOf("amount")}
        {refusalOf("date")}
        <div class="pair">
          <div class="field">{choice("from")}</div>
          <button type="button" class="swap" data-testid="convert-swap" aria-label={text().swap} title={text().swap} onClick={() => set({ from: to, to: from })}>
            <span aria-hidden="true">⇅</span>
          </button>
          <div class="field">{choice("to")}</div>
        </div>
        {refusalOf("from")}
        {refusalOf("to", undefined)}
      </div>
      <div class="answer">
        {isAway && <p class="bad">{text().away}</p>}
        {past.length > 0 && (
          <div class="past" role="status" data-testid="convert-past">
            {past.map((end) => (
              <p key={end.currency_code}>{lastRateNotice(end.currency_code, end.last_date)}</p>
            ))}
            {lastDay === undefined ? (
              <p>{text().never}</p>
            ) : (
              <button type="button" onClick={() => set({ date: lastDay })}>
                {text().onDay(format.day(lastDay))}
              </button>
            )}
          </div>
        )}
        {conversion ? <Answer of={conversion} to={known.get(conversion.to)} isFormer={isFormer} /> : !isAway && !refusal && <p class="faint">{text().waiting}</p>}
      </div>
    </section>
  );
}

function Options({ of, chosen }: { of: Today | undefined; chosen: string }) {
  const all = useMemo(() => of && <Choices of={of} />, [of, language.value]);
  // Until the currencies are known, what is chosen already.
  return all || <option value={chosen}>{chosen}</option>;
}

/** Whether the rates have been drawn: the two lists of all currencies would keep them waiting. */
function useCalm(isReady: boolean): boolean {
  const [isCalm, setCalm] = useState(false);
  useEffect(() => {
    if (!isReady || isCalm) return;
    const timer = setTimeout(setCalm, 200, true);
    return () => clearTimeout(timer);
  }, [isReady, isCalm]);
  return isCalm;
}

function Choices({ of }: { of: Today }) {
  const hasRate = ({ currency_code: code }: Currency): boolean => code === "KRW" || of.rates.has(code);
  const hasEnded = ({ currency_code: code }: Currency): boolean => of.ended.has(code);
  const last = (code: string): string => {
    const end = of.ended.get(code);
    return end === undefined ? "" : ` (${format.day(end.last_date)})`;
  };
  const options = (currencies: readonly Currency[]) =>
    currencies.map((currency) => (
      <option key={currency.currency_code} value={currency.currency_code}>
        {currency.currency_code} {nameOf(currency)}
        {last(currency.currency_code)}
      </option>
    ));
  return (
    <>
      <optgroup label={text().rated}>{options(of.known.filter(hasRate))}</optgroup>
      {of.ended.size > 0 && <optgroup label={text().past}>{options(of.known.filter(hasEnded))}</optgroup>}
      <optgroup label={text().others}>{options(of.known.filter((currency) => !hasRate(currency) && !hasEnded(currency)))}</optgroup>
    </>
  );
}

function Answer({ of: conversion, to, isFormer }: { of: Schemas["Conversion"]; to: Currency | undefined; isFormer: boolean }) {
  const { amount, from, to: code, result, result_rounded: rounded, rate, path, requested_date: asked, effective_date: day } = conversion;
  return (
    <div class={isFormer ? "former" : ""}>
      <p class="asked">
        {format.exact(amount)} {from} =
      </p>
      <p class="result" data-testid="convert-result" data-exact={result} aria-live="polite">
        {rounded && typeof to?.minor_units === "number" ? format.money(rounded, to.minor_units) : format.exact(rounded ?? result)} <span class="code">{code}</span>
      </p>
      <dl>
        <dt>{text().every}</dt>
        <dd>{format.exact(result)}</dd>
        <dt>{text().rate}</dt>
        <dd>
          1 {from} = {format.exact(rate)} {code}
        </dd>
        {day && (
          <>
            <dt>{text().day}</dt>
            <dd>
              {format.day(day)}
              {asked && asked !== day && <span class="faint instead">{text().instead(format.day(asked))}</span>}
            </dd>
          </>
        )}
        {path.length > 0 && (
          <>
            <dt>{text().path}</dt>
            <dd>
              {path.map((leg) => (
                <span key={leg.currency_code} class="leg">
                  1 {leg.currency_code} = {format.rate(leg.deal_base_rate)} KRW
                  <span class="faint from-source">
                    {" "}
                    {sourceName(leg.source)}, {format.day(leg.recorded_at)}
                  </span>
                </span>
              ))}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}
