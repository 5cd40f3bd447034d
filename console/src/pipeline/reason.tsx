// Why something failed, in the words of the stack or a server: its beginning, and all of it to whoever opens it.
import type { ComponentChildren } from "preact";
import { EnglishText } from "./stack-error";

/** `children` are what is seen while it is closed; without a reason there is nothing to open. */
export function Reason({ of, children }: { of: string | null; children: ComponentChildren }) {
  if (of === null || of === "") return <>{children}</>;
  return (
    <details class="reason">
      <summary>{children}</summary>
      <p>
        <EnglishText of={of} />
      </p>
    </details>
  );
}

/** A reason that stands for itself. */
export function LongReason({ of }: { of: string }) {
  if (of.length <= 90) return <EnglishText of={of} />;
  return (
    <Reason of={of}>
      <EnglishText of={`${of.slice(0, 80)}…`} />
    </Reason>
  );
}
