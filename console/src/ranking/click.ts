// Counts that somebody viewed a currency, which is what the ranking is made of. Counting must not disturb: a failure is only logged to the browser's console.
import { click, ApiError, type Schemas } from "../core/api";
import { preferences } from "../core/preferences";

interface View {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The same for each try, so that a click whose answer was lost is not counted twice. */
  readonly key: string;
  /** Counted, or refused for good. */
  readonly isSettled: boolean;
}

const hourMs = 3_600_000;
const storageKey = "hwanyul.looks";

// A click counts for the home country of a currency, and the euro has none: the API would refuse.
const withoutHome: ReadonlySet<string> = new Set(["EUR"]);

/** Random and long enough to be nobody else's. `crypto.randomUUID` is missing where a page comes by plain http from another machine. */
const random = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const isId = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);

/** Keeps one browser's keys apart from another's; it says nothing of a person. */
function user(): string {
  const known = preferences.read("user", isId);
  if (known !== undefined) return known;
  const id = random();
  preferences.write("user", id);
  return id;
}

const isViews = (value: unknown): value is Record<string, View> => typeof value === "object" && value !== null;
let views = read();

/** As long as the browser's tab lives; in a browser that keeps nothing, as long as the page. */
function read(): Record<string, View> {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? "{}");
    return isViews(value) ? value : {};
  } catch {
    return {};
  }
}

function put(code: string, view: View): void {
  views = { ...views, [code]: view };
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(views));
  } catch {
    // This page remembers by itself.
  }
}

const asking = new Set<string>();

/** Counts a view of `code`, once an hour in a browser's session. Does not fail. */
export async function countView(code: string): Promise<void> {
  const former = views[code];
  const isRecent = former !== undefined && Date.now() - former.at < hourMs;
  if (withoutHome.has(code) || asking.has(code) || (isRecent && former.isSettled)) return;
  const view = isRecent ? former : { at: Date.now(), key: random(), isSettled: false };
  asking.add(code);
  put(code, view);
  try {
    // Which currencies can be clicked is the API's to say; it refuses those that no single country uses.
    await click({ currency_code: code as Schemas["CurrencyClick"]["currency_code"], user_id: user() }, view.key);
    put(code, { ...view, isSettled: true });
  } catch (error) {
    // Asked again, a click is refused again, unless there were only too many of them.
    if (error instanceof ApiError && error.status < 500 && error.status !== 429) put(code, { ...view, isSettled: true });
    console.warn(`The view of ${code} was not counted:`, error);
  } finally {
    asking.delete(code);
  }
}
