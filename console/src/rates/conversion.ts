// What the converter asks, and the last answer it had.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, ApiError, type Schemas } from "../core/api";

export interface Question {
  readonly amount: string;
  readonly from: string;
  readonly to: string;
  /** A day, or nothing for the current rates. */
  readonly date: string;
}

type Field = "amount" | "from" | "to" | "date";

export interface Outcome {
  /** The last good answer; it stays when a later question has none. */
  readonly conversion: Schemas["Conversion"] | undefined;
  /** Whether it answers an earlier question than the present one. */
  readonly isFormer: boolean;
  /** What the API says against the question, of which field, and the day with which it has an answer, if there is one. */
  readonly refusal: { readonly message: string; readonly field: Field | undefined; readonly day: string | undefined } | undefined;
  readonly isAway: boolean;
}

const fields: readonly string[] = ["amount", "from", "to", "date"] satisfies Field[];
const isField = (name: unknown): name is Field => typeof name === "string" && fields.includes(name);

const pauseMs = 250;

/** "1,000" as people copy it. Other commas stay, and the API refuses them: "1,5" could be meant either way. */
const plain = (typed: string): string => (/^\d{1,3}(,\d{3})+(\.\d*)?$/.test(typed) ? typed.replaceAll(",", "") : typed);

/**
 * Answers `question` when typing pauses, and anew when the rates' `version` becomes another; it is empty until the rates are known. After trouble it asks again
 * with each `round`, which changes as often as the API answers something else.
 */
export function useConversion(question: Question, version: string, round: number | undefined): Outcome {
  const [outcome, setOutcome] = useState<Outcome>({ conversion: undefined, isFormer: false, refusal: undefined, isAway: false });
  const [tries, setTries] = useState(0);
  const isAsking = useRef(false);
  const isFirst = useRef(true);
  const firstVersion = useRef("");
  // The first rates that are known are those that the first answer came from.
  if (firstVersion.current === "") firstVersion.current = version;
  const newer = version === firstVersion.current ? "" : version;
  const { from, to, date } = question;
  const amount = plain(question.amount.trim());
  useEffect(() => {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      isAsking.current = true;
      try {
        const conversion = await get("/api/v1/convert", { from, to, amount, ...(date !== "" && { date }) }, { signal: abort.signal });
        setOutcome({ conversion, isFormer: false, refusal: undefined, isAway: false });
      } catch (error) {
        if (abort.signal.aborted) return;
        const refused = error instanceof ApiError && error.status < 500 ? error : undefined;
        const parameter = refused?.details?.parameter;
        const day = refused?.details?.suggestions?.find((suggestion) => suggestion.startsWith("date="))?.slice("date=".length);
        const refusal = refused && { message: refused.message, field: isField(parameter) ? parameter : undefined, day };
        setOutcome(({ conversion }) => ({ conversion, isFormer: true, refusal, isAway: refused === undefined }));
      } finally {
        if (!abort.signal.aborted) isAsking.current = false;
      }
    };
    // An empty field is no question yet.
    if (amount === "") {
      setOutcome(({ conversion }) => ({ conversion, isFormer: true, refusal: undefined, isAway: false }));
      return;
    }
    const timer = setTimeout(ask, isFirst.current ? 0 : pauseMs);
    isFirst.current = false;
    return () => {
      clearTimeout(timer);
      abort.abort();
      isAsking.current = false;
    };
  }, [amount, from, to, date, newer, tries]);
  useEffect(() => {
    if (outcome.isAway && !isAsking.current) setTries((former) => former + 1);
  }, [round]);
  return outcome;
}
