// Sizes, keys, languages and colours.
import type { Page } from "@playwright/test";
import { answer } from "./parts/answers";
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";
import { narrow, views, wide } from "./parts/views";

for (const view of views) {
  for (const size of [narrow, wide]) {
    test(`the page does not scroll sideways: ${view.name}, ${size.width} px wide`, async ({ page }) => {
      await page.setViewportSize(size);
      await view.open(page);
      const far = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const isInBox = (one: Element): boolean => one.closest(".scroll, .unseen, table") !== null;
        const beyond = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > clientWidth + 1 && !isInBox(one));
        return { scrollWidth, clientWidth, beyond: beyond.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)) };
      });
      expect(far.scrollWidth, JSON.stringify(far.beyond)).toBeLessThanOrEqual(far.clientWidth);
    });
  }
}

interface Stop {
  readonly id: string;
  readonly testid: string;
  readonly href: string;
  readonly text: string;
  readonly isVisible: boolean;
}

/** Where Tab leads, one stop after the other. */
async function stops(page: Page, most: number, until: (stop: Stop) => boolean): Promise<Stop[]> {
  const found: Stop[] = [];
  while (found.length < most) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === null || one === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      const isVisible = (outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0) || boxShadow !== "none";
      return { id: one.id, testid: one.getAttribute("data-testid") ?? "", href: one.getAttribute("href") ?? "", text: one.textContent?.trim().slice(0, 40) ?? "", isVisible };
    });
    if (stop === null) break;
    found.push(stop);
    if (until(stop)) break;
  }
  return found;
}

test("Tab reaches the menu, the search, each row and the converter, with a visible focus", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  const all = await stops(page, 90, ({ testid }) => testid === "convert-to");
  const place = (is: (stop: Stop) => boolean): number => all.findIndex(is);
  const order = [
    place(({ href }) => href === "#main"),
    place(({ href }) => href === "#/ranking"),
    place(({ testid }) => testid === "search"),
    place(({ href }) => href === "#/currency/USD"),
    place(({ testid }) => testid === "convert-amount"),
    place(({ testid }) => testid === "convert-from"),
    place(({ testid }) => testid === "convert-to"),
  ];
  expect(order, JSON.stringify(all)).not.toContain(-1);
  expect([...order].sort((a, b) => a - b)).toEqual(order);
  expect(all.filter(({ href }) => href.startsWith("#/currency/")).length).toBe(await page.getByTestId("rate-row").count());
  expect(all.filter(({ isVisible }) => !isVisible)).toEqual([]);
});

test("Enter on the skip link leads past the menu", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(row(page, "USD")).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await expect(page).toHaveURL(/#\/rates$/);
});

test("Enter on a row's link opens the currency, and Tab reaches its chart", async ({ page }) => {
  await page.goto("/#/rates");
  await row(page, "USD").getByRole("link").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("chart").locator("canvas")).toBeVisible({ timeout: 60_000 });
  await page.locator("body").focus();
  const all = await stops(page, 60, ({ testid }) => testid === "chart");
  const reached = all.map(({ testid }) => testid);
  expect(reached).toEqual(expect.arrayContaining(["period-1w", "period-1y", "view-line", "view-candles", "base-select", "chart"]));
  expect(all.filter(({ isVisible }) => !isVisible)).toEqual([]);
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(".history [aria-live=polite]")).toContainText(/\d/);
});

test("another view is gone to by ear, too: its name is the title's, and focus is at its start", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(page).toHaveTitle("환율 · Hwanyul");
  await expect(row(page, "USD")).toBeVisible();
  await expect(page.locator("body"), "the first view is the browser's to announce").toBeFocused();
  await page.getByRole("navigation").getByRole("link", { name: "순위" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveTitle("순위 · Hwanyul");
  await expect(page.getByRole("main", { name: "순위" })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole("main", { name: "환율" })).toBeFocused();
  await row(page, "USD").getByRole("link").focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveTitle("USD 미국 달러 · 환율 · Hwanyul");
  await expect(page.getByRole("main", { name: "USD 미국 달러 · 환율" })).toBeFocused();
  await page.getByRole("button", { name: "English" }).click();
  await expect(page).toHaveTitle("USD US dollar · Rates · Hwanyul");
  await page.goBack();
  await expect(page).toHaveTitle("Rates · Hwanyul");
});

test("an address with a stray percent sign is a page like others", async ({ page, watch }) => {
  watch.expect(/status of 400 .*\/rankings\/stats\//);
  await page.goto("/#/ranking/100%");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByTestId("country-stats").getByRole("alert")).toBeVisible();
});

test("where no pipeline can be seen its address is no page, and names of JavaScript's own are none", async ({ page }) => {
  await answer(page, /\/config\.json$/, { pipeline: false, replay: false, poll_seconds: 30 });
  for (const name of ["pipeline", "constructor"]) {
    await page.goto("about:blank");
    await page.goto(`/#/${name}`);
    await expect(page.getByText("페이지를 찾을 수 없습니다.")).toBeVisible();
    await expect(page).toHaveTitle("없는 페이지 · Hwanyul");
    await expect(page.getByRole("navigation").getByRole("link")).toHaveCount(2);
  }
});

test("keys alone work the pipeline's page", async ({ page }) => {
  await page.goto("/#/pipeline");
  await expect(page.getByTestId("run")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId("run-row").first()).toBeVisible();
  const all = await stops(page, 80, ({ href }) => href.startsWith("#/pipeline/run/"));
  const reached = all.map(({ testid }) => testid);
  expect(reached).toEqual(expect.arrayContaining(["run", "poison-unreadable", "poison-store", "server-kafka-toggle", "server-redis-toggle", "find-run"]));
  expect(all.at(-1)?.href).toContain("#/pipeline/run/");
  expect(all.filter(({ isVisible }) => !isVisible)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("timeline").getByTestId("timeline-step").first()).toBeVisible();
  await expect(page.locator("#timeline-title")).toBeFocused();
});

test("Korean comes first where the browser speaks it; the choice of English changes every text and survives a reload", async ({ page }) => {
  await page.goto("/#/rates");
  const [html, heading, nav] = [page.locator("html"), page.getByRole("heading", { level: 1 }), page.getByRole("navigation").first()];
  await expect(html).toHaveAttribute("lang", "ko");
  await expect(heading).toHaveText("원화 환율");
  await page.getByRole("button", { name: "English" }).click();
  await expect(html).toHaveAttribute("lang", "en");
  await expect(heading).toHaveText("Rates in Korean won");
  await expect(nav).toContainText("Ranking");
  await expect(row(page, "USD")).toContainText("US dollar");
  await page.reload();
  await expect(html).toHaveAttribute("lang", "en");
  await expect(heading).toHaveText("Rates in Korean won");
  await page.getByRole("button", { name: "한국어" }).click();
  await expect(heading).toHaveText("원화 환율");
  await page.reload();
  await expect(html).toHaveAttribute("lang", "ko");
});

test("English comes first where the browser speaks no Korean", async ({ browser, baseURL, watch }) => {
  const context = await browser.newContext({ baseURL: baseURL ?? "", locale: "de-DE" });
  await watch.over(context);
  const page = await context.newPage();
  await page.goto("/#/rates");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rates in Korean won");
  await context.close();
});

for (const view of views) {
  test(`no Korean is left over in English, and no English sentence in Korean: ${view.name}`, async ({ page }) => {
    await view.open(page);
    const words = () =>
      page.evaluate(() => {
        // What is marked as another language is meant to be one; units and codes are no sentences.
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const { lang } = document.documentElement;
        const found: string[] = [];
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          const parent = node.parentElement;
          const text = node.textContent?.trim() ?? "";
          if (parent === null || text === "" || parent.closest("noscript, code, script") !== null) continue;
          if (parent.closest("[lang]")?.getAttribute("lang") === lang) found.push(text);
        }
        return found;
      });
    expect((await words()).filter((text) => /(?:[A-Za-z]+ ){4}/.test(text))).toEqual([]);
    await page.getByRole("button", { name: "English" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await expect.poll(async () => (await words()).filter((text) => /[가-힣]/.test(text))).toEqual([]);
  });
}

const ground = (page: Page): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test("the choice of dark colours changes them and survives a reload", async ({ page }) => {
  await page.goto("/#/rates");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  const light = await ground(page);
  await page.getByRole("button", { name: "어두운 화면" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await ground(page)).not.toBe(light);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "밝은 화면" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  expect(await ground(page)).toBe(light);
});

test("without a choice the system's colours are shown, and followed when they change", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/#/rates");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("before the script runs the page is dark already where the system is", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL: baseURL ?? "", colorScheme: "dark", javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.locator("body")).toHaveCSS("background-color", "rgb(17, 21, 27)");
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
  await context.close();
});

test("a chart takes on the other theme's colours", async ({ page }) => {
  const { picture } = await import("./parts/canvas");
  await page.goto("/#/currency/USD");
  await expect(page.getByTestId("chart").locator("canvas")).toBeVisible({ timeout: 60_000 });
  const light = await picture(page.getByTestId("chart"));
  await page.getByRole("button", { name: "어두운 화면" }).click();
  await expect.poll(async () => (await picture(page.getByTestId("chart"))).print).not.toBe(light.print);
});
