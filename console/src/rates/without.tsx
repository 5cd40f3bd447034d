// The currencies that are known and have no rate now.
import { useState } from "preact/hooks";
import * as format from "../core/format";
import { nameOf, texts } from "../core/language";
import { href } from "../core/route";
import type { Currency } from "./today";

const text = texts({
  ko: { title: (count: string) => `지금 출처가 고시하지 않는 통화 ${count}개` },
  en: { title: (count: string) => `Not quoted by the source now: ${count}` },
});

/** Closed, unless somebody looked for one of them. */
export function WithoutRate({ currencies, isSought }: { currencies: readonly Currency[]; isSought: boolean }) {
  const [isOpen, setOpen] = useState(false);
  if (currencies.length === 0) return null;
  const isShown = isOpen || isSought;
  return (
    <details class="without" data-testid="without-rate" open={isShown} onToggle={(event) => !isSought && setOpen(event.currentTarget.open)}>
      <summary>{text().title(format.count(currencies.length))}</summary>
      {isShown && (
        <ul>
          {currencies.map((currency) => (
            <li key={currency.currency_code}>
              <span class="code">{currency.currency_code}</span> <a href={href(["currency", currency.currency_code])}>{nameOf(currency)}</a>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
