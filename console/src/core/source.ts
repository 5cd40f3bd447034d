// How sources are called, and which of them stand behind the page; the API gives their keys. One without a name here is shown by its key in capitals.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { texts } from "./language";

const names = texts<Record<string, string>>({
  ko: { ecb: "ECB", koreaexim: "수출입은행", exchangerate_api: "ExchangeRate-API" },
  en: { ecb: "ECB", koreaexim: "Korea Eximbank", exchangerate_api: "ExchangeRate-API" },
});

/** One name, or several with commas between. */
export const sourceName = (keys: string): string =>
  keys
    .split(",")
    .map((key) => names()[key.trim()] ?? key.trim().toUpperCase())
    .join(", ");

/** The sources of the rates that were shown last; the page's foot names them. */
export const sources = signal<readonly string[]>([]);

/** Tells the page's foot whose rates are shown: keys with commas between. */
export function useSources(keys: string | undefined): void {
  useEffect(() => {
    if (keys !== undefined) sources.value = [...new Set(keys.split(",").map((key) => key.trim()).filter(Boolean))].sort();
  }, [keys]);
}
