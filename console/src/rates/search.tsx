// Looking for currencies in either language. The API decides what is like what was typed; the address keeps the question.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, ApiError } from "../core/api";
import { isComposing } from "../core/keys";
import { texts } from "../core/language";

const text = texts({
  ko: { label: "통화 검색", hint: "달러, 일본, EUR…", perhaps: "찾으시는 통화인가요?", failed: "지금은 검색할 수 없습니다" },
  en: { label: "Search currencies", hint: "dollar, Japan, EUR…", perhaps: "Did you mean", failed: "The search does not work now" },
});

const pauseMs = 200;

export interface Search {
  /** Codes that were found; all currencies when nothing is looked for, `undefined` before the first answer. */
  readonly hits: ReadonlySet<string> | "all" | undefined;
  /** For which question. */
  readonly of: string;
  readonly suggestions: readonly string[];
  /** Why nothing could be searched, in the API's words or ours. */
  readonly error: { readonly message: string; readonly byApi: boolean } | undefined;
}

const all: Search = { hits: "all", of: "", suggestions: [], error: undefined };

/** Answers to `q`. While it is being asked, and when it cannot be, the former answer stays. */
export function useSearch(q: string): Search {
  const [search, setSearch] = useState<Search>(q === "" ? all : { ...all, hits: undefined });
  useEffect(() => {
    if (q === "") return setSearch(all);
    const abort = new AbortController();
    get("/api/v1/currencies/search", { q }, { signal: abort.signal }).then(
      ({ currencies }) => setSearch({ ...all, hits: new Set(currencies.map((currency) => currency.currency_code)), of: q }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError && error.status === 404) {
          return setSearch({ ...all, hits: new Set(), of: q, suggestions: error.details?.suggestions ?? [] });
        }
        const refused = error instanceof ApiError && error.status < 500;
        const shown = { message: refused ? error.message : text().failed, byApi: refused };
        setSearch((former) => ({ ...former, hits: former.hits ?? "all", error: shown }));
      },
    );
    return () => abort.abort();
  }, [q]);
  return search;
}

/** The field, and what the API suggests instead of a question without hits. */
export function SearchField({ q, search, ask }: { q: string; search: Search; ask: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  const asked = useRef(q);
  const timer = useRef<number>(undefined);
  const send = (next: string): void => {
    clearTimeout(timer.current);
    asked.current = next.trim();
    ask(next.trim());
  };
  const type = (next: string): void => {
    setTyped(next);
    clearTimeout(timer.current);
    // What is emptied is emptied at once.
    if (next.trim() === "") send("");
    else timer.current = window.setTimeout(send, pauseMs, next);
  };
  const set = (next: string): void => {
    setTyped(next);
    send(next);
  };
  const leave = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    // Of a field for searches the browser empties it, too; what is being composed is the input method's to end.
    event.preventDefault();
    if (!isComposing(event)) set("");
  };
  // The address may change by itself, as when somebody follows a link to all rates; what somebody is typing is not overwritten.
  useEffect(() => {
    if (q !== asked.current) setTyped(q);
    asked.current = q;
  }, [q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="search">
      <label class="unseen" for="search">
        {text().label}
      </label>
      <input
        id="search"
        data-testid="search"
        type="search"
        value={typed}
        placeholder={text().hint}
        autocomplete="off"
        spellcheck={false}
        maxLength={60}
        aria-describedby="search-trouble"
        aria-invalid={search.error?.byApi === true}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={leave}
      />
      <p id="search-trouble" class="field-trouble" role="status" lang={search.error?.byApi ? "en" : undefined}>
        {search.error?.message}
      </p>
      {search.suggestions.length > 0 && (
        <p class="row suggestions">
          {text().perhaps}
          {search.suggestions.map((suggestion) => (
            <button key={suggestion} type="button" onClick={() => set(suggestion)}>
              {suggestion}
            </button>
          ))}
        </p>
      )}
    </div>
  );
}
