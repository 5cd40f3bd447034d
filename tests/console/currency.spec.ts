// One currency: its charts, statistics, forecast and comparison.
import type { Locator, Page } from "@playwright/test";
import { ask, get } from "./parts/api";
import { picture, pixelsOf } from "./parts/canvas";
import { count, fixed, percent, rate } from "./parts/numbers";
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";

const chart = (page: Page): Locator => page.getByTestId("chart");

/** A week, and a month with many holidays, has fewer common days than a correlation needs. */
const tooFewToCompare = /status of 422 .*\/history\/compare/;

/** Waits until something is drawn, and gives it. */
async function drawn(of: Locator) {
  await expect.poll(async () => (await of.locator("canvas").count()) > 0 && (await picture(of)).drawn, { message: "pixels on the chart", timeout: 60_000 }).toBeGreaterThan(500);
  return picture(of);
}

test("a press on a currency's name opens its page with its rate", async ({ page }) => {
  await page.goto("/#/rates");
  await row(page, "GBP").getByRole("link").click();
  await expect(page).toHaveURL(/#\/currency\/GBP$/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("GBP");
  await expect(async () => {
    const of = await get("/api/v1/currencies/GBP");
    expect(await page.getByTestId("rate").innerText()).toContain(rate(of.unit_rate));
  }).toPass({ timeout: 60_000 });
  await expect(page).toHaveTitle(/GBP/);
  await page.goBack();
  await expect(row(page, "GBP")).toBeVisible();
});

test("the chart is drawn, and another period draws another picture", async ({ page, watch }) => {
  watch.expect(tooFewToCompare);
  await page.goto("/#/currency/USD");
  const first = await drawn(chart(page));
  expect(first.width).toBeGreaterThan(400);
  expect(first.colours, "colours of lines, grid and letters").toBeGreaterThan(20);
  expect(await pixelsOf(chart(page), "--line"), "pixels of the line").toBeGreaterThan(200);
  const prints = new Set([first.print]);
  for (const period of ["1w", "1m", "6m", "1y", "all"]) {
    await page.getByTestId(`period-${period}`).click();
    await expect(page.getByTestId(`period-${period}`)).toHaveAttribute("aria-pressed", "true");
    await expect(page).toHaveURL(new RegExp(`period=${period}`));
    await expect.poll(async () => !prints.has((await drawn(chart(page))).print), { message: `the picture of ${period}`, timeout: 60_000 }).toBe(true);
    prints.add((await drawn(chart(page))).print);
  }
});

test("every period of the chart has the API's days", async ({ page, watch }) => {
  watch.expect(tooFewToCompare);
  await page.goto("/#/currency/EUR?table=true");
  const table = page.locator(".history table");
  for (const [period, query] of Object.entries({ "1w": { period: "1w", interval: "daily" }, "3m": { period: "3m", interval: "daily" }, "1y": { period: "1y", interval: "daily" } })) {
    await page.getByTestId(`period-${period}`).click();
    await expect(async () => {
      const { results } = await get("/api/v1/history", { target: "EUR", ...query });
      const shown = await table.locator("tbody tr td:nth-of-type(1)").allInnerTexts();
      expect(shown).toEqual(results.map((one: any) => rate(one.close)).reverse());
    }).toPass({ timeout: 90_000 });
  }
});

test("candles draw rises and falls in their own colours", async ({ page }) => {
  await page.goto("/#/currency/USD?period=1y");
  const line = await drawn(chart(page));
  await page.getByTestId("view-candles").click();
  await expect(page.getByTestId("view-candles")).toHaveAttribute("aria-pressed", "true");
  await expect.poll(async () => (await drawn(chart(page))).print).not.toBe(line.print);
  for (const colour of ["--up", "--down"]) await expect.poll(() => pixelsOf(chart(page), colour), { message: colour }).toBeGreaterThan(20);
  await page.getByTestId("view-line").click();
  await expect.poll(() => pixelsOf(chart(page), "--up")).toBe(0);
});

test("arrow keys read values off the chart, and a mouse does", async ({ page }) => {
  await page.goto("/#/currency/USD?period=3m");
  await drawn(chart(page));
  const readout = page.getByTestId("readout");
  const last = await readout.innerText();
  await chart(page).focus();
  for (const key of ["Home", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await expect(readout).not.toHaveText(last);
  const third = await readout.innerText();
  // What is read aloud has the same day.
  await expect(page.locator(".history [aria-live=polite]")).toContainText(/\d{4}년 \d{1,2}월 \d{1,2}일: /);
  const box = await chart(page).boundingBox();
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  await expect(readout).not.toHaveText(third);
});

test("a cross rate is shown in the unit that the API names", async ({ page }) => {
  await page.goto("/#/currency/EUR");
  await drawn(chart(page));
  await page.getByTestId("base-select").selectOption("USD");
  await expect(page).toHaveURL(/base=USD/);
  await expect(page.getByTestId("readout")).toContainText("USD per EUR");
  await expect(async () => {
    const { unit, results } = await get("/api/v1/history", { target: "EUR", base: "USD", period: "3m", interval: "daily" });
    const shown = await page.getByTestId("readout").innerText();
    expect(shown).toContain(unit);
    expect(shown).toContain(rate(results.at(-1).close));
  }).toPass({ timeout: 60_000 });
  await page.getByTestId("inverse").click();
  await expect(page.getByTestId("readout")).toContainText("EUR per USD");
});

test("statistics are the API's", async ({ page }) => {
  for (const [path, query] of [
    ["/#/currency/USD", { target: "USD", period: "3m" }],
    ["/#/currency/EUR?base=USD&period=1y", { target: "EUR", base: "USD", period: "1y" }],
  ] as const) {
    await page.goto(path);
    const stats = page.getByTestId("stats");
    await expect(async () => {
      const of = await get("/api/v1/history/stats", query);
      const shown = (await stats.locator("dd").allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
      const wanted = [
        rate(of.period_average),
        percent(of.period_change_percent),
        rate(of.period_min),
        rate(of.period_max),
        `${fixed(of.volatility, 2)}%`,
        `${fixed(of.volatility_annualized, 2)}%`,
        { up: "오르는 추세", down: "내리는 추세", stable: "뚜렷한 추세 없음" }[of.trend_direction as "up"],
        `${count(of.data_points)}일`,
      ];
      expect(shown.length).toBe(wanted.length);
      shown.forEach((text, index) => expect(text).toContain(wanted[index] ?? ""));
    }).toPass({ timeout: 90_000 });
  }
});

test("the forecast has its interval, its method and what the back-test found", async ({ page }) => {
  await page.goto("/#/currency/USD");
  const card = page.getByTestId("forecast");
  await drawn(card.getByTestId("forecast-chart"));
  expect(await pixelsOf(card.getByTestId("forecast-chart"), "--line")).toBeGreaterThan(100);
  await expect(async () => {
    const { forecast, method, confidence_level: confidence, backtest } = await get("/api/v1/history/forecast/USD", { days: "14" });
    const last = forecast.at(-1);
    const text = (await card.innerText()).replaceAll(/\s+/g, " ");
    for (const wanted of [
      rate(last.rate),
      `${rate(last.lower)} – ${rate(last.upper)}`,
      `${Number(confidence) * 100}% 구간`,
      { no_change: "변동 없음", drift: "평균 변화율", exponential_smoothing: "지수평활", damped_trend: "감쇠 추세" }[method as "drift"],
      `${Number((Number(backtest.coverage) * 100).toFixed(1))}%`,
      `${count(backtest.origins)}개 시점`,
      fixed(backtest.mean_absolute_scaled_error, 2),
    ])
      expect(text).toContain(wanted);
    // It says so when it is no better than assuming no change.
    expect(text.includes("낫지 않습니다")).toBe(!backtest.beats_no_change);
  }).toPass({ timeout: 60_000 });
  await card.locator("summary").click();
  await expect(card.locator("tbody tr")).toHaveCount(4);
});

test("currencies are added to the comparison and removed, and the correlations are the API's, either way round", async ({ page }) => {
  await page.goto("/#/currency/USD?compare=EUR,JPY");
  const card = page.getByTestId("compare");
  const matrix = card.getByTestId("correlation");
  const codes = (): Promise<string[]> => matrix.locator("tbody th").allInnerTexts();
  await expect.poll(codes).toEqual(["USD", "EUR", "JPY"]);
  await drawn(card.getByTestId("compare-chart"));

  await card.getByTestId("compare-add").selectOption("GBP");
  await expect.poll(codes).toEqual(["USD", "EUR", "JPY", "GBP"]);
  await expect(card.getByTestId("compare-table").locator("tbody tr")).toHaveCount(4);
  await expect(async () => {
    const { correlation_matrix: pairs } = await get("/api/v1/history/compare", { targets: "USD,EUR,JPY,GBP", period: "3m" });
    const shown = await matrix.locator("tbody tr").evaluateAll((rows) => rows.map((one) => [...one.querySelectorAll("td")].map((cell) => cell.textContent?.trim() ?? "")));
    const at = (one: string, other: string): string => shown[["USD", "EUR", "JPY", "GBP"].indexOf(one)]?.[["USD", "EUR", "JPY", "GBP"].indexOf(other)] ?? "";
    expect(pairs.length).toBe(6);
    for (const { first, second, coefficient } of pairs) {
      expect(at(first, second)).toBe(at(second, first));
      expect(Number(at(first, second).replace("−", "-"))).toBeCloseTo(Number(coefficient), 2);
    }
    for (const code of ["USD", "EUR", "JPY", "GBP"]) expect(Number(at(code, code))).toBe(1);
  }).toPass({ timeout: 60_000 });

  await card.getByRole("button", { name: "EUR 빼기" }).click();
  await expect.poll(codes).toEqual(["USD", "JPY", "GBP"]);
  await expect(page).toHaveURL(/compare=JPY%2CGBP/);
});

test("whoever removes compared currencies by keys goes on at the next one, and at last where one is added", async ({ page }) => {
  await page.goto("/#/currency/USD?compare=EUR,JPY,GBP");
  const card = page.getByTestId("compare");
  const remove = (code: string) => card.getByRole("button", { name: `${code} 빼기` });
  await remove("EUR").focus();
  await page.keyboard.press("Enter");
  await expect(remove("EUR")).toHaveCount(0);
  await expect(remove("JPY")).toBeFocused();
  await remove("GBP").focus();
  await page.keyboard.press("Enter");
  await expect(remove("GBP")).toHaveCount(0);
  await expect(card.getByTestId("compare-add")).toBeFocused();
});

test("where candles cannot be drawn, the page says why in words", async ({ page, watch }) => {
  watch.expect(tooFewToCompare);
  await page.goto("/#/currency/USD?period=1w");
  const why = page.getByText("캔들은 1개월 이상의 기간에서 볼 수 있습니다.");
  await expect(why).toBeVisible();
  await page.getByTestId("period-1m").click();
  await expect(why).toHaveCount(0);
});

test("performances of compared currencies are the API's", async ({ page }) => {
  await page.goto("/#/currency/USD?compare=EUR,JPY&period=6m");
  const table = page.getByTestId("compare-table");
  await expect(async () => {
    const { currencies } = await get("/api/v1/history/compare", { targets: "USD,EUR,JPY", period: "6m" });
    const shown = await table.locator("tbody tr").allInnerTexts();
    expect(shown.length).toBe(3);
    currencies.forEach((of: any, index: number) => {
      for (const wanted of [of.currency_code, percent(of.period_change_percent), `${fixed(of.volatility, 2)}%`, rate(of.current_rate)]) expect(shown[index]).toContain(wanted);
    });
  }).toPass({ timeout: 90_000 });
});

test("where there are too few days for statistics, the page says how many there are instead of numbers", async ({ page, watch }) => {
  watch.expect(tooFewToCompare);
  await page.goto("/#/currency/USD?compare=EUR&period=1w");
  const { body } = await ask("/api/v1/history/compare", { targets: "USD,EUR", period: "1w" });
  await expect(page.getByTestId("compare")).toContainText(body.error.message);
  await expect(page.getByTestId("correlation")).toHaveCount(0);
});

test("a code that no currency has is refused in the API's words, with a way back", async ({ page, watch }) => {
  watch.expect(/status of 400 .*ABC/);
  await page.goto("/#/currency/ABC");
  await expect(page.getByRole("alert")).toContainText('code is "ABC"');
  await expect(page.getByRole("link", { name: "모든 환율" })).toBeVisible();
  await expect(chart(page)).toHaveCount(0);
});

test("a known currency without any rate says so", async ({ page, watch }) => {
  watch.expect(/status of 4\d\d .*TWD/);
  await page.goto("/#/currency/TWD");
  await expect(page.getByRole("alert").first()).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("TWD");
});

test("an address that is none says so and leads home", async ({ page }) => {
  await page.goto("/#/nowhere");
  await expect(page.getByText("페이지를 찾을 수 없습니다.")).toBeVisible();
  await page.getByRole("link", { name: "환율로 가기" }).click();
  await expect(row(page, "USD")).toBeVisible();
});
