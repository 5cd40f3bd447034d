// The HTTP API as a test asks it, beside the page. Numbers stay as the API printed them: a float would lose digits that are to be compared.
import { test } from "./page";

export interface Answer {
  readonly status: number;
  readonly body: any;
}

/** JSON with every number as its digits. */
export function parse(text: string): any {
  return (JSON.parse as (text: string, revive: (key: string, value: unknown, context: { source: string }) => unknown) => unknown)(text, (_, value, { source }) =>
    typeof value === "number" ? source : value,
  );
}

const origin = (): string => test.info().project.use.baseURL ?? "";

/** Whatever the API answers. */
export async function ask(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const text = new URLSearchParams(query).toString();
  const response = await fetch(new URL(`${path}${text === "" ? "" : `?${text}`}`, origin()));
  return { status: response.status, body: parse(await response.text()) };
}

/** The data of a good answer. */
export async function get(path: string, query: Readonly<Record<string, string>> = {}): Promise<any> {
  const { status, body } = await ask(path, query);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
  return body.data;
}

/** All rates of now, by code. */
export async function rates(): Promise<Map<string, any>> {
  const { currencies } = await get("/api/v1/currencies");
  const symbols = currencies.map((currency: any) => currency.currency_code).join(",");
  const { rates } = await get("/api/v1/currencies/multiple", { symbols });
  return new Map(rates.map((rate: any) => [rate.currency_code, rate]));
}

/** The UTC day before that of an instant. */
export const dayBefore = (instant: string): string => new Date(Date.parse(`${instant.slice(0, 10)}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
