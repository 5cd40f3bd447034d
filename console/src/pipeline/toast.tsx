// The toast that says what a button did, or why it did not. It stays in sight wherever somebody has scrolled to.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { texts } from "../core/language";
import { ErrorReason } from "./stack-error";

const text = texts({
  ko: { close: "닫기", failed: "실패했습니다:" },
  en: { close: "Close", failed: "It could not be done:" },
});

interface Message {
  readonly isGood: boolean;
  /** Read when it is shown, so that it follows the language. */
  readonly text: () => ComponentChildren;
  readonly link?: { readonly href: string; readonly text: () => string };
}

const message = signal<Message | undefined>(undefined);

/** Shows what a button did; nothing closes the toast. */
export const showToast = (next: Message | undefined): void => {
  message.value = next;
};

/** Does what a button stands for, shows what came of it, and says whether it is still being done. */
export function useAction(): [isBusy: boolean, act: (work: () => Promise<Message>) => Promise<void>] {
  const [isBusy, setBusy] = useState(false);
  const act = async (work: () => Promise<Message>): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    try {
      showToast(await work());
    } catch (error) {
      showToast({
        isGood: false,
        text: () => (
          <>
            {text().failed} <ErrorReason error={error} />
          </>
        ),
      });
    }
    setBusy(false);
  };
  return [isBusy, act];
}

export function Toast() {
  const shown = message.value;
  const before = useRef<EventTarget | null>(null);
  // The button goes with what it closes, so the focus returns to where it came from.
  const close = (): void => {
    showToast(undefined);
    const { current } = before;
    const isThere = current instanceof HTMLElement && current.isConnected;
    (isThere ? current : document.getElementById("main"))?.focus({ preventScroll: true });
  };
  return (
    <div class={`toast ${shown === undefined ? "closed" : shown.isGood ? "good" : "bad"}`}>
      <p role="status" aria-live="polite" data-testid="toast">
        {shown?.text()} {shown?.link && <a href={shown.link.href}>{shown.link.text()}</a>}
      </p>
      {shown && (
        <button
          type="button"
          data-testid="close-toast"
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
