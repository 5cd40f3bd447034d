// Where the focus goes when the control that has it goes away.
import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * For a part of the page whose buttons may vanish when they have done their work: its heading takes the focus then, or the page where the part goes, too, so that whoever works by keys or has the page
 * read to them goes on there and not at the top.
 */
export function useFocusKept<H extends HTMLElement>() {
  const heading = useRef<H>(null);
  const last = useRef<EventTarget | null>(null);
  useLayoutEffect(() => {
    if (!(last.current instanceof Node) || last.current.isConnected) return;
    last.current = null;
    if (document.activeElement === document.body) (heading.current ?? document.getElementById("main"))?.focus({ preventScroll: true });
  });
  const onFocusCapture = ({ target }: FocusEvent): void => {
    last.current = target;
  };
  return { heading, onFocusCapture };
}
