// Stands where a table has no value, seen and heard.
import { texts } from "../core/language";

const text = texts({ ko: "없음", en: "none" });

export function EmptyState() {
  return (
    <span class="faint">
      <span aria-hidden="true">–</span>
      <span class="unseen">{text()}</span>
    </span>
  );
}
