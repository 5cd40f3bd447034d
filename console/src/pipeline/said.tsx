// The line that says what a button did, or why it did not. It stays in sight wherever somebody has scrolled to.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { texts } from "../core/language";
import { Why } from "./trouble";

const text = texts({
  ko: { close: "닫기", failed: "실패했습니다:" },
  en: { close: "Close", failed: "It could not be done:" },
});

interface Words {
  readonly isGood: boolean;
  /** Read when it is shown, so that it follows the language. */
  readonly text: () => ComponentChildren;
  readonly link?: { readonly href: string; readonly text: () => string };
}

const words = signal<Words | undefined>(undefined);

export const say = (said: Words | undefined): void => {
  words.value = said;
};

/** Does what a button stands for, says what came of it, and tells whether it is still being done. */
export function useAction(): [isBusy: boolean, act: (work: () => Promise<Words>) => Promise<void>] {
  const [isBusy, setBusy] = useState(false);
  const act = async (work: () => Promise<Words>): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    try {
      say(await work());
    } catch (error) {
      say({
        isGood: false,
        text: () => (
          <>
            {text().failed} <Why error={error} />
          </>
        ),
      });
    }
    setBusy(false);
  };
  return [isBusy, act];
}

export function Said() {
  const said = words.value;
  const before = useRef<EventTarget | null>(null);
  // The button goes with what it closes, so the focus returns to where it came from.
  const close = (): void => {
    say(undefined);
    const { current } = before;
    const isThere = current instanceof HTMLElement && current.isConnected;
    (isThere ? current : document.getElementById("main"))?.focus({ preventScroll: true });
  };
  return (
    <div class={`said ${said === undefined ? "silent" : said.isGood ? "good" : "bad"}`}>
      <p role="status" aria-live="polite" data-testid="said">
        {said?.text()} {said?.link && <a href={said.link.href}>{said.link.text()}</a>}
      </p>
      {said && (
        <button
          type="button"
          data-testid="close-said"
          onFocus={(event) => {
            before.current = event.relatedTarget;
          }}
          onClick={close}
          aria-label={text().close}
          title={text().close}
        >
          <span aria-hidden="true">×</span>
        </button>
      )}
    </div>
  );
}
