// What a reader sees while the servers behind the API are away, or the network is.
import { expect, test } from "./parts/page";
import { row, rows } from "./parts/rates";
import { heal, tell } from "./parts/stack";

test.beforeEach(async () => heal());
test.afterEach(async () => heal());

test("with PostgreSQL and Redis away the page says clearly that the API cannot answer, and recovers by itself", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  for (const server of ["postgres", "redis"]) await tell(`servers/${server}/stop`);
  await page.goto("/#/rates");
  const alert = page.locator(".board").getByRole("alert");
  await expect(alert).toContainText("API가 지금은 답할 수 없습니다", { timeout: 60_000 });
  await expect(alert).toContainText("503");
  await expect(page.getByTestId("rates-table"), "no empty table").toHaveCount(0);
  await expect(page.getByTestId("converter")).toContainText("지금은 계산할 수 없습니다", { timeout: 60_000 });

  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  for (const server of ["postgres", "redis"]) await tell(`servers/${server}/start`);
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/, { timeout: 90_000 });
  expect(await rows(page).count()).toBeGreaterThanOrEqual(29);
  await expect(page.locator(".board").getByRole("alert")).toHaveCount(0);
  await expect(page.getByTestId("convert-result")).toHaveAttribute("data-exact", /^\d/, { timeout: 60_000 });
  expect(await page.evaluate(() => "isTheSamePage" in window)).toBe(true);
});

test("a currency's page says so, too, and recovers by itself", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  for (const server of ["postgres", "redis"]) await tell(`servers/${server}/stop`);
  await page.goto("/#/currency/USD");
  await expect(page.getByRole("alert").first()).toContainText("API가 지금은 답할 수 없습니다", { timeout: 60_000 });
  for (const server of ["postgres", "redis"]) await tell(`servers/${server}/start`);
  await expect(page.getByTestId("chart").locator("canvas")).toBeVisible({ timeout: 90_000 });
  await expect(page.getByTestId("stats").locator("dd")).toHaveCount(8, { timeout: 60_000 });
  await expect(page.getByTestId("forecast-chart")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId("correlation")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("with the network away the last rates stay, with a notice of their age", async ({ page, context, watch }) => {
  watch.expect(/ERR_INTERNET_DISCONNECTED/);
  await page.goto("/#/rates");
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
  const all = await rows(page).count();
  await context.setOffline(true);
  const alert = page.locator(".board").getByRole("alert");
  await expect(alert).toContainText("API에 연결할 수 없습니다", { timeout: 60_000 });
  await expect(alert).toContainText(/\d+(초|분) 전에 받은 값을 보여 줍니다/);
  await expect(rows(page)).toHaveCount(all);
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
  await context.setOffline(false);
  await expect(page.getByRole("alert")).toHaveCount(0, { timeout: 60_000 });
});

test("with the network away the pipeline's page says that what it shows is old", async ({ page, context, watch }) => {
  watch.expect(/ERR_INTERNET_DISCONNECTED/);
  await page.goto("/#/pipeline");
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "good", { timeout: 60_000 });
  await context.setOffline(true);
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "bad", { timeout: 60_000 });
  await expect(page.getByTestId("verdict")).toContainText(/\d+(초|분) 전의 모습/);
  await context.setOffline(false);
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "good", { timeout: 60_000 });
});
