// Currencies that have a rate no more, and rates of another day than the others. Which there are differs from day to day, so the API's answers are changed on their way.
import { answer, envelope, longDay, ratesAddress, ratesOfNow, withData } from "./parts/answers";
import { expect, test } from "./parts/page";
import { row, rows } from "./parts/rates";

const ended = [
  { currency_code: "GBP", last_date: "2026-03-02", state: "interrupted" },
  { currency_code: "HRK", last_date: "2022-12-30", state: "ended" },
];

/** The rates of now, without one of GBP, and with JPY's of another day. */
async function withEnded(): Promise<any> {
  const now = await ratesOfNow();
  const rates = now.data.rates.filter((of: any) => ended.every((end) => end.currency_code !== of.currency_code));
  const missing = [...new Set([...now.data.missing, ...ended.map((end) => end.currency_code)])];
  return withData(now, { rates, missing, ended, other_days: { JPY: "2026-03-03T13:15:00Z" } });
}

test("an interrupted currency is shown apart with its last day, and one that has ended is folded away", async ({ page }) => {
  const now = await withEnded();
  await answer(page, ratesAddress, now);
  await page.goto("/#/rates");
  await expect(rows(page)).toHaveCount(now.data.rates.length);
  await expect(row(page, "GBP")).toHaveCount(0);
  const interrupted = page.getByTestId("interrupted");
  await expect(interrupted.getByRole("heading")).toHaveText("고시가 중단된 통화");
  await expect(interrupted.locator("li")).toHaveCount(1);
  await expect(interrupted.locator("li[data-code=GBP]")).toContainText(`마지막 환율 ${longDay("2026-03-02")}`);
  await expect(interrupted.getByRole("link")).toHaveAttribute("href", /#\/currency\/GBP$/);

  const past = page.getByTestId("ended");
  await expect(past.locator("li")).toHaveCount(0);
  await past.locator("summary").click();
  await expect(past.locator("li[data-code=HRK]")).toContainText(`마지막 환율 ${longDay("2022-12-30")}`);
  await expect(page.getByTestId("without-rate")).not.toContainText("GBP");
  // Only what is of another day is marked.
  await expect(page.getByTestId("rate-row").filter({ hasText: "다른 날" })).toHaveCount(1);
  await expect(row(page, "JPY")).toContainText("다른 날");

  await page.getByRole("button", { name: "English" }).click();
  await expect(interrupted).toContainText("Interrupted");
  await expect(interrupted.locator("li[data-code=GBP]")).toContainText("last rate Mar 2, 2026");
});

test("the converter names the last day of a currency without a rate, and converts at its rates", async ({ page, watch }) => {
  watch.expect(/status of 404 .*\/api\/v1\/convert/);
  const now = await withEnded();
  await answer(page, ratesAddress, now);
  const asked: URLSearchParams[] = [];
  await page.route(/\/api\/v1\/convert\?.*from=GBP/, async (route) => {
    const { searchParams: query } = new URL(route.request().url());
    asked.push(query);
    if (query.has("date")) return route.continue();
    const error = { code: "NOT_FOUND", message: "there is no current rate of GBP", details: { last_date: "2026-03-02", state: "interrupted", suggestions: query.get("to") === "HRK" ? [] : ["date=2026-03-02"] } };
    return route.fulfill({ status: 404, json: { success: false, error, timestamp: "2026-11-23T15:37:45.198Z" } });
  });
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  const from = page.getByTestId("convert-from");
  await expect(from.locator("optgroup").nth(1).locator("option")).toHaveText([/^GBP .*2026년 3월 2일/, /^HRK .*2022년 12월 30일/]);
  await from.selectOption("GBP");
  const past = page.getByTestId("convert-past");
  await expect(past).toContainText(`GBP의 마지막 환율은 ${longDay("2026-03-02")}의 것이고, 지금 환율은 없습니다.`);
  // With a currency that it has no day in common with, no day is offered.
  await page.getByTestId("convert-to").selectOption("HRK");
  await expect(past).toContainText("두 통화의 환율이 함께 있는 날이 없습니다.");
  await expect(past.getByRole("button")).toHaveCount(0);
  await page.getByTestId("convert-to").selectOption("KRW");
  await past.getByRole("button").click();
  await expect(page.getByTestId("convert-date")).toHaveValue("2026-03-02");
  await expect(past).toHaveCount(0);
  await expect.poll(() => asked.at(-1)?.get("date")).toBe("2026-03-02");
});

test("the page of a currency that has ended says so above its history", async ({ page, watch }) => {
  watch.expect(/status of (404|422) /);
  const error = { code: "NOT_FOUND", message: "there is no current rate of GBP", details: { last_date: "2026-03-02", state: "interrupted" } };
  await page.route(/\/api\/v1\/currencies\/GBP$/, (route) => route.fulfill({ status: 404, json: { success: false, error, timestamp: "2026-11-23T15:37:45.198Z" } }));
  await page.goto("/#/currency/GBP");
  await expect(page.getByTestId("ended-head")).toHaveText(`GBP의 마지막 환율은 ${longDay("2026-03-02")}의 것이고, 지금 환율은 없습니다.`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("파운드");
  const { data } = await envelope("/api/v1/history", { target: "GBP", period: "3m" });
  await expect(page.getByTestId("readout")).toContainText(data.unit);
});
