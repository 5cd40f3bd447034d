// Answers of the API that a test changes or holds back: which store is ahead of which differs from day to day, and no server fails on demand at just one address.
import { type Page, test } from "@playwright/test";

/** A good answer of the API, whole: what stands in it can be changed and given to the page. Numbers are floats here. */
export async function envelope(path: string, query: Readonly<Record<string, string>> = {}): Promise<any> {
  const address = new URL(path, test.info().project.use.baseURL);
  address.search = new URLSearchParams(query).toString();
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** `of` with other data. */
export const withData = (of: any, data: object): any => ({ ...of, data: { ...of.data, ...data } });

/** Without its last point, as it was the day before. */
export function dayEarlier(series: any): any {
  const results = series.data.results.slice(0, -1);
  const { date } = results.at(-1);
  return withData(series, { results, data_points: results.length, to: date, recorded_at: `${date}T14:15:00Z` });
}

/** Answers in a row, the last of them ever after; an answer that is promised is waited for. Gives how often was asked. */
export async function answer(page: Page, address: RegExp, ...answers: (unknown | Promise<unknown>)[]): Promise<() => number> {
  let asked = 0;
  await page.route(address, async (route) => {
    asked += 1;
    const json = await answers[Math.min(asked, answers.length) - 1];
    // Nobody may be there any more who asked.
    await route.fulfill({ json }).catch(() => undefined);
  });
  return () => asked;
}

/** All rates as they are now. */
export async function ratesOfNow(): Promise<any> {
  const { data } = await envelope("/api/v1/currencies");
  return envelope("/api/v1/currencies/multiple", { symbols: data.currencies.map((currency: any) => currency.currency_code).join(",") });
}

export const ratesAddress = /\/api\/v1\/currencies\/multiple/;

/** A day as the page prints it in Korean. */
export const longDay = (day: string): string =>
  new Intl.DateTimeFormat("ko", { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(day));
