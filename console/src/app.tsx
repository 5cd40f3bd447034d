// The frame around every view: where one can go, the language, the colours, and what the page's data are.
import { useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { choose, language, texts } from "./core/language";
import { href, route } from "./core/route";
import { load, settings } from "./core/settings";
import { theme, toggle } from "./core/theme";
import { Loading, Trouble } from "./parts/state";

const text = texts({
  ko: {
    title: "환율",
    skip: "본문으로 건너뛰기",
    main: "주 메뉴",
    rates: "환율",
    ranking: "순위",
    pipeline: "파이프라인",
    dark: "어두운 화면",
    light: "밝은 화면",
    other: "English",
    source: "환율: 유럽중앙은행(ECB) 유로 기준환율. 원화 환율은 이 값에서 계산합니다. 정보 제공용이며 거래에 쓰지 마십시오.",
    unknown: "이런 페이지는 없습니다.",
    home: "환율로 가기",
  },
  en: {
    title: "Exchange rates",
    skip: "Skip to the content",
    main: "Main",
    rates: "Rates",
    ranking: "Ranking",
    pipeline: "Pipeline",
    dark: "Dark colours",
    light: "Light colours",
    other: "한국어",
    source:
      "Rates: European Central Bank, euro foreign exchange reference rates; rates in won are computed from them. For information only, not for transactions.",
    unknown: "There is no such page.",
    home: "To the rates",
  },
});

type View = ComponentType<{ rest: readonly string[] }>;

/** Each view is a file of its own, fetched when somebody goes there. */
const views: Record<string, () => Promise<{ default: View }>> = {
  rates: () => import("./rates/rates"),
  currency: () => import("./currency/currency"),
  ranking: () => import("./ranking/ranking"),
  pipeline: () => import("./pipeline/pipeline"),
};

export function App() {
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    // Without settings the page shows what every deployment has; the views say themselves when nobody answers.
    load()
      .catch((error: unknown) => console.warn("No settings:", error))
      .finally(() => setReady(true));
  }, []);
  const [name = "rates", ...rest] = route.value.path;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {text().skip}
      </a>
      <Header current={name} />
      <main id="main" tabIndex={-1}>
        {isReady ? <Place name={name} rest={rest} /> : <Loading />}
      </main>
      <footer>
        <p>{text().source}</p>
      </footer>
    </>
  );
}

/** A link to "#main" would be a route. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Header({ current }: { current: string }) {
  const places = ["rates", "ranking", ...(settings.value.pipeline ? ["pipeline"] : [])] as ("rates" | "ranking" | "pipeline")[];
  const isCurrent = (place: string): boolean => place === current || (place === "rates" && current === "currency");
  return (
    <header>
      <a class="brand" href={href([])}>
        <img src="./icon.svg" alt="" width="28" height="28" /> Hwanyul <span lang="ko">환율</span>
      </a>
      <nav aria-label={text().main}>
        {places.map((place) => (
          <a key={place} href={href([place])} aria-current={isCurrent(place) ? "page" : undefined}>
            {text()[place]}
          </a>
        ))}
      </nav>
      <div class="choices">
        <button type="button" onClick={toggle} aria-label={theme.value === "dark" ? text().light : text().dark} title={theme.value === "dark" ? text().light : text().dark}>
          <span aria-hidden="true">{theme.value === "dark" ? "☀" : "☾"}</span>
        </button>
        <button type="button" lang={language.value === "ko" ? "en" : "ko"} onClick={() => choose(language.value === "ko" ? "en" : "ko")}>
          {text().other}
        </button>
      </div>
    </header>
  );
}

function Place({ name, rest }: { name: string; rest: readonly string[] }) {
  const [loaded, setLoaded] = useState<{ name: string; view?: View; error?: Error }>();
  const wanted = useRef(name);
  wanted.current = name;
  const fetchView = (): void => {
    const view = views[name];
    if (view === undefined) return setLoaded({ name });
    view().then(
      (module) => wanted.current === name && setLoaded({ name, view: module.default }),
      (error: Error) => wanted.current === name && setLoaded({ name, error }),
    );
  };
  useEffect(fetchView, [name]);
  useSignalEffect(() => {
    document.title = `${text().title} · Hwanyul`;
  });
  if (loaded?.name !== name) return <Loading />;
  if (loaded.error) return <Trouble error={loaded.error} again={fetchView} />;
  const Shown = loaded.view;
  if (Shown) return <Shown rest={rest} />;
  return (
    <p>
      {text().unknown} <a href={href([])}>{text().home}</a>
    </p>
  );
}
