// What a reader sees while the servers behind the API are away, or the network is.
import { answer, ratesAddress, ratesOfNow } from "./parts/answers";
import { expect, test } from "./parts/page";
import { row, rows } from "./parts/rates";
import { control, heal } from "./parts/stack";

test.beforeEach(async () => heal());
test.afterEach(async () => heal());

test("with PostgreSQL and Redis away the page says clearly that the API cannot answer, and recovers by itself", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  for (const server of ["postgres", "redis"]) await control(`servers/${server}/stop`);
  await page.goto("/#/rates");
  const alert = page.locator(".board").getByRole("alert");
  await expect(alert).toContainText("API가 지금은 답할 수 없습니다", { timeout: 60_000 });
  await expect(alert).toContainText("503");
  await expect(page.getByTestId("rates-table"), "no empty table").toHaveCount(0);
  await expect(page.getByTestId("converter")).toContainText("지금은 계산할 수 없습니다", { timeout: 60_000 });

  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  for (const server of ["postgres", "redis"]) await control(`servers/${server}/start`);
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/, { timeout: 90_000 });
  expect(await rows(page).count()).toBeGreaterThanOrEqual(29);
  await expect(page.locator(".board").getByRole("alert")).toHaveCount(0);
  await expect(page.getByTestId("convert-result")).toHaveAttribute("data-exact", /^\d/, { timeout: 60_000 });
  expect(await page.evaluate(() => "isTheSamePage" in window)).toBe(true);
});

test("a currency's page says so, too, and recovers by itself", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  for (const server of ["postgres", "redis"]) await control(`servers/${server}/stop`);
  await page.goto("/#/currency/USD");
  await expect(page.getByRole("alert").first()).toContainText("API가 지금은 답할 수 없습니다", { timeout: 60_000 });
  for (const server of ["postgres", "redis"]) await control(`servers/${server}/start`);
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
  await expect(page.locator(".board .trouble")).toContainText(/\d+(초|분) 전에 받은 값을 보여 줍니다/);
  await expect(rows(page)).toHaveCount(all);
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
  await context.setOffline(false);
  await expect(page.getByRole("alert")).toHaveCount(0, { timeout: 60_000 });
});

test("a trouble that goes on is said once, while the age of what is shown goes on", async ({ page, context, watch }) => {
  watch.expect(/ERR_INTERNET_DISCONNECTED/);
  await page.goto("/#/rates");
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
  await context.setOffline(true);
  const trouble = page.locator(".board .trouble");
  const alert = trouble.getByRole("alert");
  await expect(alert).toHaveText("API에 연결할 수 없습니다네트워크 연결이 끊겼거나 서버가 응답하지 않습니다.", { timeout: 60_000 });
  const changes = await alert.evaluateHandle((element) => {
    const seen: string[] = [];
    new MutationObserver((records) => seen.push(...records.map(({ type }) => type))).observe(element, { subtree: true, childList: true, characterData: true, attributes: true });
    return seen;
  });
  const said = await trouble.innerText();
  await expect(trouble).not.toHaveText(said, { useInnerText: true, timeout: 60_000 });
  expect(await changes.jsonValue()).toEqual([]);
});

test("a question that nobody answers is given up, and asked again", async ({ page }) => {
  const now = await ratesOfNow();
  // Patience is real; here it runs out sooner.
  await page.addInitScript(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (milliseconds) => timeout(milliseconds / 35);
  });
  const never = new Promise(() => undefined);
  await answer(page, ratesAddress, never, now);
  await page.goto("/#/rates");
  await expect(page.locator(".board").getByRole("alert")).toContainText("35초 안에 답이 오지 않았습니다.");
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
});

test("the converter recovers by itself, though no rate changes meanwhile", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  await answer(page, ratesAddress, await ratesOfNow());
  let isAway = true;
  await page.route(/\/api\/v1\/convert/, (route) => (isAway ? route.fulfill({ status: 503, body: "" }) : route.continue()));
  await page.goto("/#/rates");
  await expect(page.getByTestId("converter")).toContainText("지금은 계산할 수 없습니다");
  await expect(row(page, "USD").getByTestId("rate")).toHaveText(/\d/);
  isAway = false;
  await expect(page.getByTestId("convert-result")).toHaveAttribute("data-exact", /^\d/);
  await expect(page.getByTestId("converter")).not.toContainText("지금은 계산할 수 없습니다");
});

test("the API's own words are marked as English on the Korean page", async ({ page, watch }) => {
  watch.expect(/status of 400 .*ABC/);
  await page.goto("/#/currency/ABC");
  await expect(page.getByRole("alert").locator("[lang=en]")).toContainText('code is "ABC"');
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
