// Where somebody is: the part of the address behind "#", such as `/currency/USD?period=1y`. Nothing on the server knows of it, so the page needs no rewriting of paths.
import { signal } from "@preact/signals";

export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function read(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

/** What somebody typed need not be encoded as an address is: "100%" stands for itself then. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal<Route>(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** The address of a place, for a link. */
export function href(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** Changes what is asked at the same place, without a step in the browser's history. */
export function refine(query: Readonly<Record<string, string>>): void {
  history.replaceState(null, "", href(route.value.path, query));
  route.value = read();
}
