// Which language people are shown, and the texts in it.
import { effect, signal } from "@preact/signals";
import { remembered } from "./remembered";

export type Language = "ko" | "en";

const isLanguage = (value: unknown): value is Language => value === "ko" || value === "en";
const preferred = (): Language => (navigator.languages.some((name) => name.startsWith("ko")) ? "ko" : "en");

/** Korean where the browser speaks it, until somebody chooses. */
export const language = signal<Language>(remembered.read("language", isLanguage) ?? preferred());

effect(() => {
  document.documentElement.lang = language.value;
});

export function choose(next: Language): void {
  language.value = next;
  remembered.write("language", next);
}

/** Texts in both languages; the answer reads the language, so whoever shows one is drawn again when it changes. */
export function texts<T>(all: { readonly ko: T; readonly en: NoInfer<T> }): () => T {
  return () => all[language.value];
}
