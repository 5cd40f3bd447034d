// Which language people are shown, and the texts in it.
import { effect, signal } from "@preact/signals";
import { preferences } from "./preferences";

export type Language = "ko" | "en";

const isLanguage = (value: unknown): value is Language => value === "ko" || value === "en";
const preferred = (): Language => (navigator.languages.some((name) => name.startsWith("ko")) ? "ko" : "en");

/** Korean where the browser speaks it, until somebody chooses. */
export const language = signal<Language>(preferences.read("language", isLanguage) ?? preferred());

effect(() => {
  document.documentElement.lang = language.value;
});

export function choose(next: Language): void {
  language.value = next;
  preferences.write("language", next);
}

/** Texts in both languages; the answer reads the language, so whoever shows one is drawn again when it changes. */
export function texts<T>(all: { readonly ko: T; readonly en: NoInfer<T> }): () => T {
  return () => all[language.value];
}

/** How a currency is called in the shown language. */
export const nameOf = (currency: { readonly currency_name: string; readonly currency_name_en: string }): string =>
  language.value === "ko" ? currency.currency_name : currency.currency_name_en;
