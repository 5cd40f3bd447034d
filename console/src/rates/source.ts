// How sources are called; the API gives their keys.
import { texts } from "../core/language";

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
