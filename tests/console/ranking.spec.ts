// Which currencies people look at.
import type { Locator, Page } from "@playwright/test";
import { get } from "./parts/api";
import { count, rate } from "./parts/numbers";
import { expect, test } from "./parts/page";
import { row as rateRow } from "./parts/rates";

const row = (page: Page, country: string): Locator => page.locator(`[data-testid=ranking-row][data-country=${country}]`);

async function score(country: string, period = "daily"): Promise<number> {
  const { ranking } = await get("/api/v1/rankings", { period, limit: "50" });
  return Number(ranking.find((one: any) => one.country_code === country)?.score ?? 0);
}

test("opening a currency counts once, and the ranking shows it by itself", async ({ page, context }) => {
  const before = await score("HU");
  const ranking = await context.newPage();
  await ranking.goto("/#/ranking");
  await expect(ranking.getByTestId("ranking-table").or(ranking.getByTestId("ranking-empty"))).toBeVisible();

  await page.goto("/#/rates");
  await rateRow(page, "HUF").getByRole("link").click();
  await expect(page.getByTestId("chart")).toBeVisible();
  await expect.poll(() => score("HU")).toBe(before + 1);
  await expect(row(ranking, "HU").locator("td").nth(2)).toHaveText(count(before + 1));

  // Whoever comes back within the hour is not counted again.
  await page.goBack();
  await rateRow(page, "HUF").getByRole("link").click();
  await expect(page.getByTestId("chart")).toBeVisible();
  await page.reload();
  await expect(page.getByTestId("chart")).toBeVisible();
  expect(await score("HU")).toBe(before + 1);
});

test("a look at the euro disturbs nobody, though no country is its home", async ({ page }) => {
  await page.goto("/#/currency/EUR");
  await expect(page.getByTestId("rate")).toContainText(/\d/);
  await expect(page.getByTestId("chart")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("periods show the API's order, scores and shares", async ({ page }) => {
  await page.goto("/#/currency/USD");
  await expect.poll(() => score("US")).toBeGreaterThan(0);
  await page.goto("/#/ranking");
  for (const [period, name] of Object.entries({ weekly: "이번 주", monthly: "이번 달", daily: "오늘" })) {
    await page.getByRole("button", { name }).click();
    await expect(page.getByRole("button", { name })).toHaveAttribute("aria-pressed", "true");
    await expect(async () => {
      const { ranking, totals } = await get("/api/v1/rankings", { period, limit: "50" });
      const shown = await page.getByTestId("ranking-row").evaluateAll((rows) =>
        rows.map((one) => [one.getAttribute("data-country"), ...[0, 2].map((at) => one.querySelectorAll("td")[at]?.textContent), one.querySelector("th a")?.textContent]),
      );
      expect(shown).toEqual(ranking.map((one: any) => [one.country_code, count(one.rank), count(one.score), one.country_name]));
      await expect(page.locator("main")).toContainText(`조회 ${count(totals.total_clicks)}회 · ${count(totals.countries)}개국`, { timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
  }
});

test("a country's last thirty days are shown, days without views included", async ({ page }) => {
  await page.goto("/#/currency/USD");
  await expect.poll(() => score("US")).toBeGreaterThan(0);
  await page.goto("/#/ranking");
  await row(page, "US").getByRole("link", { name: "미국" }).click();
  await expect(page).toHaveURL(/#\/ranking\/US/);
  const card = page.getByTestId("country-stats");
  await expect(card.locator("svg rect")).toHaveCount(30);
  await card.locator("summary").click();
  await expect(async () => {
    const { daily, total_clicks: total } = await get("/api/v1/rankings/stats/US", { days: "30" });
    const shown = await card.locator("tbody td").allInnerTexts();
    expect(shown).toEqual(daily.map((day: any) => count(day.clicks)).reverse());
    expect(await card.locator("dd").first().innerText()).toBe(`${count(total)}회`);
    const zeros = daily.filter((day: any) => day.clicks === "0").length;
    expect(zeros).toBeGreaterThan(0);
    expect(await card.locator("svg rect.zero").count()).toBe(zeros);
  }).toPass({ timeout: 60_000 });
  await card.getByRole("link", { name: "닫기" }).click();
  await expect(card).toHaveCount(0);
});

test("a country that does not exist is refused in the API's words", async ({ page, watch }) => {
  watch.expect(/status of 400 .*\/rankings\/stats\//);
  await page.goto("/#/ranking/QQ");
  await expect(page.getByTestId("country-stats").getByRole("alert")).toContainText("QQ");
});

test("the ranking leads to a currency's page", async ({ page }) => {
  await page.goto("/#/currency/USD");
  await expect.poll(() => score("US")).toBeGreaterThan(0);
  await page.goto("/#/ranking");
  await row(page, "US").getByRole("link", { name: "USD" }).click();
  await expect(async () => expect(await page.getByTestId("rate").innerText()).toContain(rate((await get("/api/v1/currencies/USD")).unit_rate))).toPass();
});
