// What a reader sees while one store knows a new rate and another does not know it yet.
import { dayBefore } from "./parts/api";
import { answer, dayEarlier, envelope, longDay, ratesAddress, ratesOfNow, withData } from "./parts/answers";
import { rate } from "./parts/numbers";
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";

const chartAddress = /\/history\?target=USD&base=KRW&interval=daily&period=3m/;
const headAddress = /\/api\/v1\/currencies\/USD$/;

const months = (): Promise<any> => envelope("/api/v1/history", { target: "USD", base: "KRW", interval: "daily", period: "3m" });
const dollar = async (day: string, more: object = {}): Promise<any> => withData(await envelope("/api/v1/currencies/USD"), { recorded_at: `${day}T14:15:00Z`, ...more });

test("a chart that does not know the newest day yet gets it by itself", async ({ page }) => {
  const series = await months();
  const [former, newest] = series.data.results.slice(-2).map((point: any) => point.date);
  await answer(page, headAddress, await dollar(newest));
  await answer(page, chartAddress, dayEarlier(series), series);
  await page.goto("/#/currency/USD?table=true");
  const first = page.getByTestId("series-table").locator("tbody th").first();
  await expect(first).toHaveText(longDay(former));
  await expect(first).toHaveText(longDay(newest));
});

test("a rate that changes while its chart is being asked for is in the chart afterwards", async ({ page }) => {
  const series = await months();
  const last = series.data.results.at(-1);
  const [old, corrected] = [last.close, last.close + 11];
  const late = Promise.withResolvers<unknown>();
  const heads = await answer(page, headAddress, await dollar(last.date, { deal_base_rate: old, unit_rate: old }), await dollar(last.date, { deal_base_rate: corrected, unit_rate: corrected }));
  await answer(page, chartAddress, late.promise, withData(series, { results: [...series.data.results.slice(0, -1), { ...last, close: corrected, rate: corrected }] }));
  await page.goto("/#/currency/USD?table=true");
  await expect(page.getByTestId("rate")).toContainText(rate(String(corrected)));
  expect(heads()).toBeGreaterThan(1);
  late.resolve(series);
  await expect(page.getByTestId("series-table").locator("tbody td").first()).toHaveText(rate(String(corrected)));
});

test("a small line that does not know the newest day yet gets it by itself", async ({ page }) => {
  const series = await envelope("/api/v1/history", { target: "USD", period: "1m" });
  const now = await ratesOfNow();
  const rates = now.data.rates.map((of: any) => (of.currency_code === "USD" ? { ...of, recorded_at: `${series.data.results.at(-1).date}T14:15:00Z` } : of));
  await answer(page, ratesAddress, withData(now, { rates }));
  await answer(page, /\/history\?target=USD&period=1m/, dayEarlier(series), series);
  await page.goto("/#/rates");
  const points = async (): Promise<number> => ((await row(page, "USD").locator("svg.sparkline path").getAttribute("d")) ?? "").split("L").length;
  await expect.poll(points).toBe(series.data.results.length - 1);
  await expect.poll(points).toBe(series.data.results.length);
});

test("a new rate is never beside an old change, and no change vanishes meanwhile", async ({ page }) => {
  const now = await ratesOfNow();
  const usd = now.data.rates.find((of: any) => of.currency_code === "USD");
  const next = new Date(Date.parse(usd.recorded_at) + 86_400_000).toISOString();
  const newer = now.data.rates.map((of: any) => (of.currency_code === "USD" ? { ...of, recorded_at: next, deal_base_rate: of.deal_base_rate * 2, unit_rate: of.unit_rate * 2 } : of));
  const [before, held] = [await envelope("/api/v1/history/rates", { date: dayBefore(usd.recorded_at) }), Promise.withResolvers<unknown>()];
  const tomorrow = Promise.withResolvers<unknown>();
  await answer(page, ratesAddress, now, tomorrow.promise);
  await answer(page, new RegExp(`/history/rates\\?date=${dayBefore(usd.recorded_at)}`), before);
  await answer(page, new RegExp(`/history/rates\\?date=${dayBefore(next)}`), held.promise);
  await page.goto("/#/rates");
  const [cell, change] = [row(page, "USD").getByTestId("rate"), row(page, "USD").getByTestId("change")];
  await expect(change.locator(".percent")).toBeVisible();
  const former = await change.innerText();
  const question = page.waitForRequest((request) => request.url().includes(`/history/rates?date=${dayBefore(next)}`));
  tomorrow.resolve(withData(now, { rates: newer }));
  await question;
  await expect(cell).toHaveText(rate(String(usd.unit_rate)));
  await expect(change).toHaveText(former, { useInnerText: true });
  held.resolve(withData(before, { rates: { ...before.data.rates, USD: usd.deal_base_rate } }));
  await expect(cell).toHaveText(rate(String(usd.unit_rate * 2)));
  await expect(change).toContainText("+100.00%");
});

test("a day that is forecast is not shown as past as well", async ({ page }) => {
  const query = { target: "USD", base: "KRW", period: "3m", interval: "daily" };
  const [past, ahead] = [await envelope("/api/v1/history", query), await envelope("/api/v1/history/forecast/USD", { days: "14" })];
  const first = ahead.data.forecast[0].date;
  const known = past.data.results.filter((point: any) => point.date < first);
  await answer(page, /\/history\/forecast\/USD/, ahead);
  await answer(page, new RegExp(`/history\\?${new URLSearchParams(query)}$`), withData(past, { results: [...known, { ...known.at(-1), date: first }] }));
  await page.goto("/#/currency/USD");
  const card = page.getByTestId("forecast");
  await expect(card.getByTestId("forecast-chart").locator("canvas")).toBeVisible({ timeout: 60_000 });
  await card.getByTestId("forecast-chart").focus();
  await page.keyboard.press("End");
  for (const _ of ahead.data.forecast) await page.keyboard.press("ArrowLeft");
  await expect(card.locator(".readout strong")).toHaveText(longDay(known.at(-1).date));
});
