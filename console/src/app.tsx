// The frame around every view: where one can go, the language, the colours, and what the page's data are.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { choose, language, texts } from "./core/language";
import { href, route } from "./core/route";
import { load, settings } from "./core/settings";
import { sourceName, sources } from "./core/source";
import { theme, toggle } from "./core/theme";
import { subject } from "./core/title";
import { ErrorNotice, Loading } from "./parts/polled-content";

const text = texts({
  ko: {
    skip: "본문으로 건너뛰기",
    main: "주 메뉴",
    rates: "환율",
    ranking: "순위",
    pipeline: "파이프라인",
    dark: "어두운 화면",
    light: "밝은 화면",
    other: "English",
    ecb: "유럽중앙은행(ECB) 유로 기준환율(원화 환율은 이 값에서 계산)",
    source: (names: string) => `환율 출처: ${names}. `,
    advice: "정보 제공용이며 거래에 쓰지 마십시오.",
    missing: "없는 페이지",
    unknown: "페이지를 찾을 수 없습니다.",
    home: "환율로 가기",
  },
  en: {
    skip: "Skip to the content",
    main: "Main",
    rates: "Rates",
    ranking: "Ranking",
    pipeline: "Pipeline",
    dark: "Dark colours",
    light: "Light colours",
    other: "한국어",
    ecb: "European Central Bank, euro foreign exchange reference rates (rates in won are computed from them)",
    source: (names: string) => `Source of the rates: ${names}. `,
    advice: "For information only, not for transactions.",
    missing: "No such page",
    unknown: "There is no such page.",
    home: "To the rates",
  },
});

type View = ComponentType<{ rest: readonly string[] }>;

/** Each view is a file of its own, fetched when somebody goes there. */
const views = {
  rates: () => import("./rates/rates"),
  currency: () => import("./currency/currency"),
  ranking: () => import("./ranking/ranking"),
  pipeline: () => import("./pipeline/pipeline"),
} satisfies Record<string, () => Promise<{ default: View }>>;

type Name = keyof typeof views;

/** Whether there is such a view here: a deployment has no pipeline that a page could see. */
const isView = (name: string): name is Name => Object.hasOwn(views, name) && (name !== "pipeline" || settings.value.pipeline !== false);

/** Where a view is in the menu. */
const placeOf = (view: Name): Exclude<Name, "currency"> => (view === "currency" ? "rates" : view);

const nameOfPlace = (name: string): string => [subject.value, isView(name) ? text()[placeOf(name)] : text().missing].filter(Boolean).join(" · ");

export function App() {
  const [isReady, setReady] = useState(false);
  const [name = "rates", ...rest] = route.value.path;
  useEffect(() => {
    // On its way beside the settings; where it cannot be had, the place that shows it says so.
    if (Object.hasOwn(views, name)) void views[name as Name]().catch(() => undefined);
    // Without settings the page shows what every deployment has; the views say themselves when nobody answers.
    load()
      .catch((error: unknown) => console.warn("No settings:", error))
      .finally(() => setReady(true));
  }, []);
  const place = nameOfPlace(name);
  useEffect(() => {
    if (isReady) document.title = `${place} · Hwanyul`;
  }, [place, isReady]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {text().skip}
      </a>
      <Header current={name} />
      <main id="main" tabIndex={-1} aria-label={place}>
        {isReady ? <Place name={name} rest={rest} /> : <Loading />}
      </main>
      <footer>
        <p>
          {sources.value.length > 0 && text().source(sources.value.map((key) => (key === "ecb" ? text().ecb : sourceName(key))).join(", "))}
          {text().advice}
        </p>
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
  const places = (["rates", "ranking", "pipeline"] as const).filter(isView);
  return (
    <header>
      <a class="brand" href={href([])}>
        <img src="./icon.svg" alt="" width="28" height="28" /> Hwanyul <span lang="ko">환율</span>
      </a>
      <nav aria-label={text().main}>
        {places.map((place) => (
          <a key={place} href={href([place])} aria-current={isView(current) && place === placeOf(current) ? "page" : undefined}>
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
  const isKnown = isView(name);
  const fetchView = (): void => {
    if (!isKnown) return setLoaded({ name });
    views[name]().then(
      (module) => wanted.current === name && setLoaded({ name, view: module.default }),
      (error: Error) => wanted.current === name && setLoaded({ name, error }),
    );
  };
  useEffect(fetchView, [name, isKnown]);
  useArrival(loaded?.name);
  if (loaded?.name !== name) return <Loading />;
  if (loaded.error) return <ErrorNotice error={loaded.error} again={fetchView} />;
  const Shown = loaded.view;
  if (Shown) return <Shown rest={rest} />;
  return (
    <>
      <h1>{text().unknown}</h1>
      <p>
        <a href={href([])}>{text().home}</a>
      </p>
    </>
  );
}

/** Whoever goes to another view by keys or by ear goes on from its start: the link that was pressed is gone. The first view is the browser's to announce. */
function useArrival(view: string | undefined): void {
  const former = useRef<string>(undefined);
  useEffect(() => {
    if (view === undefined) return;
    const main = document.getElementById("main");
    // What a view has focused by itself stays focused.
    if (former.current !== undefined && former.current !== view && !main?.contains(document.activeElement)) main?.focus({ preventScroll: true });
    former.current = view;
  }, [view]);
}
