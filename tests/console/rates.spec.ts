// The table of rates and the converter.
import { ask, dayBefore, get, rates } from "./parts/api";
import { answer, longDay, ratesAddress, ratesOfNow, withData } from "./parts/answers";
import { percent, percentOf, rate } from "./parts/numbers";
import { expect, test } from "./parts/page";
import { row, rows } from "./parts/rates";

test("the table shows every rate with the API's own numbers and both names", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(rows(page)).toHaveCount((await rates()).size);
  expect((await rates()).size).toBeGreaterThanOrEqual(29);
  // The feed moves, so the page and this test may have asked on different days.
  await expect(async () => {
    const all = await rates();
    const shown = await rows(page).evaluateAll((found) =>
      found.map((one) => [one.getAttribute("data-code") ?? "", one.querySelector("[data-testid=rate]")?.textContent ?? "", one.querySelector("th a")?.textContent ?? ""]),
    );
    const wanted = [...all.values()].map((of) => [of.currency_code, rate(of.unit_rate), of.currency_name]);
    const byCode = ([a]: string[], [b]: string[]): number => ((a ?? "") < (b ?? "") ? -1 : 1);
    expect(shown.sort(byCode)).toEqual(wanted.sort(byCode));
  }).toPass({ timeout: 60_000 });

  await page.getByRole("button", { name: "English" }).click();
  for (const of of (await rates()).values()) await expect(row(page, of.currency_code).locator("th a")).toHaveText(of.currency_name_en);
});

test("a change is that since the business day before", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(async () => {
    const all = await rates();
    const [usd] = [all.get("USD")];
    const before = await get("/api/v1/history/rates", { date: dayBefore(usd.recorded_at) });
    for (const code of ["USD", "JPY", "EUR", "CNY", "GBP", "IDR", "HUF", "AUD"]) {
      const of = all.get(code);
      const change = percentOf(of.deal_base_rate, before.rates[code]);
      const cell = row(page, code).getByTestId("change");
      expect(await cell.textContent({ timeout: 1_000 }), `${code} since ${before.effective_date}`).toContain(` ${percent(change)}`);
      const kind = Number(change) > 0 ? "up" : Number(change) < 0 ? "down" : "same";
      expect(await cell.locator("> span").getAttribute("class")).toBe(kind);
      // A sign and a word, so that colour is not alone.
      expect(await cell.textContent()).toContain({ up: "상승", down: "하락", same: "변동 없음" }[kind]);
    }
  }).toPass({ timeout: 90_000 });
});

test("each row draws its last month as a small line", async ({ page }) => {
  await page.goto("/#/rates");
  const { results } = await get("/api/v1/history", { target: "USD", period: "1m" });
  const line = row(page, "USD").locator("svg.sparkline path");
  await expect(line).toHaveAttribute("d", /^M[\d.]+ [\d.]+(L[\d.]+ [\d.]+){10,}$/);
  const points = ((await line.getAttribute("d")) ?? "").split("L").length;
  // One day more or less: the feed moves.
  expect(Math.abs(points - results.length)).toBeLessThanOrEqual(2);
  await expect(row(page, "USD").locator("svg.sparkline")).toHaveAttribute("aria-label", /최근 1개월 [+-]?[\d.]+%/);
  await row(page, "ZAR").scrollIntoViewIfNeeded();
  await expect(row(page, "ZAR").locator("svg.sparkline path")).toBeVisible();
});

for (const words of ["달러", "dollar", "DOLLAR"]) {
  test(`a search for ${words} finds every dollar and nothing else`, async ({ page }) => {
    await page.goto("/#/rates");
    await expect(row(page, "JPY")).toBeVisible();
    await page.getByTestId("search").fill(words);
    await expect(row(page, "JPY")).toHaveCount(0);
    const all = await rates();
    const { currencies } = await get("/api/v1/currencies/search", { q: words });
    const found = currencies.map((currency: any) => currency.currency_code).filter((code: string) => all.has(code));
    expect(found).toEqual(expect.arrayContaining(["USD", "AUD", "CAD", "HKD", "NZD", "SGD"]));
    const shown = await rows(page).evaluateAll((all) => all.map((one) => one.getAttribute("data-code")));
    expect(shown.sort()).toEqual(found.sort());
    await page.getByTestId("search").press("Escape");
    await expect(row(page, "JPY")).toBeVisible();
  });
}

test("a misspelt search offers what may be meant, and a press on it searches for that", async ({ page, watch }) => {
  watch.expect(/status of 404 .*q=dollr/);
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  await page.getByTestId("search").fill("dollr");
  const { body } = await ask("/api/v1/currencies/search", { q: "dollr" });
  for (const suggestion of body.error.details.suggestions) await expect(page.getByRole("button", { name: suggestion, exact: true })).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  await page.getByRole("button", { name: body.error.details.suggestions[0], exact: true }).click();
  await expect(row(page, "USD")).toBeVisible();
});

test("a search is kept in the address, so that a link finds the same", async ({ page }) => {
  await page.goto(`/#/rates?q=${encodeURIComponent("유로")}`);
  await expect(row(page, "EUR")).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByTestId("search")).toHaveValue("유로");
});

test("a new rate appears by itself, without a reload", async ({ page }) => {
  const state = await (await fetch(new URL("/pipeline/state", test.info().project.use.baseURL))).json();
  expect(state.feed.day, "the feed stands at its newest day: start the stack with more --feed-days").not.toBe(state.feed.newest);
  await page.goto("/#/rates");
  const cell = row(page, "USD").getByTestId("rate");
  await expect(cell).toHaveText(/\d/);
  let navigations = 0;
  page.on("framenavigated", () => (navigations += 1));
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  const before = await cell.innerText();
  await expect(cell).not.toHaveText(before, { timeout: 60_000 });
  await expect(async () => {
    const [{ deal_base_rate: wanted }, shown] = [await get("/api/v1/currencies/USD"), await cell.innerText()];
    expect(shown).toBe(rate(wanted));
    expect(shown).not.toBe(before);
  }).toPass({ timeout: 60_000 });
  expect(navigations).toBe(0);
  expect(await page.evaluate(() => "isTheSamePage" in window)).toBe(true);
});

const questions = [
  ["100", "USD", "KRW"],
  ["12345.67", "JPY", "EUR"],
  ["1", "KRW", "USD"],
  ["0.01", "IDR", "JPY"],
  ["999999999", "EUR", "KRW"],
] as const;

test("the converter gives the API's result with every digit", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  // What is asked at first stays chosen when the lists of all currencies come.
  for (const [side, chosen] of [["from", "USD"], ["to", "KRW"]] as const) {
    const list = page.getByTestId(`convert-${side}`);
    await expect.poll(() => list.locator("option").count()).toBeGreaterThan(100);
    await expect(list).toHaveValue(chosen);
  }
  for (const [amount, from, to] of questions) {
    await page.getByTestId("convert-from").selectOption(from);
    await page.getByTestId("convert-to").selectOption(to);
    await page.getByTestId("convert-amount").fill(amount);
    await expect(async () => {
      const { result } = await get("/api/v1/convert", { amount, from, to });
      expect(await page.getByTestId("convert-result").getAttribute("data-exact"), `${amount} ${from} in ${to}`).toBe(result);
    }).toPass({ timeout: 60_000 });
  }
});

test("the converter shows the API's own sentence on an amount that it refuses", async ({ page, watch }) => {
  watch.expect(/status of 400 .*\/api\/v1\/convert/);
  await page.goto("/#/rates");
  await expect(page.getByTestId("convert-result")).toHaveAttribute("data-exact", /^\d/);
  for (const amount of ["abc", "-5", "0", "1,5", "1e5"]) {
    await page.getByTestId("convert-amount").fill(amount);
    const { status, body } = await ask("/api/v1/convert", { amount, from: "USD", to: "KRW" });
    expect(status).toBe(400);
    await expect(page.getByTestId("converter")).toContainText(body.error.message);
    await expect(page.getByTestId("convert-amount")).toHaveAttribute("aria-invalid", "true");
  }
  await page.getByTestId("convert-amount").fill("1,234.5");
  await expect(page.getByTestId("convert-amount")).toHaveAttribute("aria-invalid", "false");
});

test("the converter takes a day of the past, and says which day's rate it is", async ({ page }) => {
  const { recorded_at: newest } = await get("/api/v1/currencies/USD");
  const sunday = new Date(Date.parse(newest) - 14 * 86_400_000);
  sunday.setUTCDate(sunday.getUTCDate() - sunday.getUTCDay());
  const date = sunday.toISOString().slice(0, 10);
  const { result, effective_date: day } = await get("/api/v1/convert", { amount: "100", from: "USD", to: "KRW", date });
  expect(day < date, "a Sunday has the rate of a day before it").toBe(true);
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  await page.getByTestId("convert-date").fill(date);
  await expect(page.getByTestId("convert-result")).toHaveAttribute("data-exact", result);
  await expect(page.getByTestId("converter")).toContainText(longDay(day));
  await expect(page.getByTestId("converter")).toContainText(longDay(date));
});

test("the converter prints every digit that the API gives", async ({ page }) => {
  const amount = "0.0000000001";
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  await page.getByTestId("convert-from").selectOption("KRW");
  await page.getByTestId("convert-to").selectOption("EUR");
  await page.getByTestId("convert-amount").fill(amount);
  await expect(page.locator(".converter .asked")).toHaveText(`${amount} KRW =`);
  const result = page.getByTestId("convert-result");
  await expect(async () => {
    const exact = (await result.getAttribute("data-exact")) ?? "";
    expect(exact.length).toBeGreaterThan(22);
    expect((await page.locator(".converter dl dd").first().innerText()).replaceAll(",", "")).toBe(exact);
  }).toPass();
});

test("the page's foot names the sources of the rates that are shown", async ({ page }) => {
  await page.goto("/#/rates");
  const foot = page.locator("footer");
  await expect(foot).toContainText("유럽중앙은행(ECB)");
  const now = await ratesOfNow();
  await answer(page, ratesAddress, withData(now, { rates: now.data.rates.map((of: any) => ({ ...of, source: "koreaexim" })) }));
  await expect(foot).toContainText("수출입은행");
  await expect(foot).not.toContainText("ECB");
});

test("on a narrow screen each row says its source, and no cell is without its heading", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/#/rates");
  const cells = row(page, "USD").getByRole("cell").or(row(page, "USD").getByRole("rowheader"));
  await expect(cells.filter({ hasText: "ECB" })).toBeVisible();
  expect(await cells.count()).toBe(await page.getByTestId("rates-table").getByRole("columnheader").count());
});
