// What the page is called, so that tabs, bookmarks and those who hear the page can tell views apart.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** What a view shows in particular, such as one currency; empty where the view's own name says it all. */
export const subject = signal("");

/** Names what is shown, as long as it is shown. */
export function useSubject(name: string): void {
  useEffect(() => {
    subject.value = name;
    return () => {
      subject.value = "";
    };
  }, [name]);
}
