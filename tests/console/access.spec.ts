// What axe finds on every view, in both languages and themes, wide and narrow.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./parts/page";
import { control, heal } from "./parts/stack";
import { choose, languages, narrow, themes, views, wide } from "./parts/views";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

async function inspect(page: import("@playwright/test").Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const say = (all: typeof violations): string[] => all.map((one) => `${one.impact} ${one.id}: ${one.help}\n  ${one.nodes.map((node) => `${node.target.join(" ")}: ${node.html.slice(0, 160)}`).join("\n  ")}`);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const minor = violations.filter((one) => !serious.includes(one));
  if (minor.length > 0) console.log(`${where}, minor:\n${say(minor).join("\n")}`);
  expect.soft(say(serious), where).toEqual([]);
}

for (const view of views) {
  for (const size of [wide, narrow]) {
    test(`axe finds nothing serious: ${view.name}, ${size.width} px wide`, async ({ browser, baseURL, watch }) => {
      test.slow();
      // Over both sizes every language meets every theme, and each of them every size.
      for (const [at, language] of languages.entries()) {
        const theme = themes[size === wide ? at : 1 - at] ?? "light";
        const context = await browser.newContext({ baseURL: baseURL ?? "", viewport: size, colorScheme: theme });
        await watch.over(context);
        const page = await context.newPage();
        await choose(page, language, theme);
        await view.open(page);
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await inspect(page, `${view.name} ${language} ${theme} ${size.width}`);
        await context.close();
      }
    });
  }
}

/** Contrast as WCAG reckons it, between a control's edge and its ground or what is around it, whichever is less. */
const edges = (page: import("@playwright/test").Page): Promise<{ control: string; contrast: number }[]> =>
  page.evaluate(() => {
    const light = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => Number(part) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (a: string, b: string): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const page = getComputedStyle(document.body).backgroundColor;
    return [...document.querySelectorAll("main input, main select, .choices button")].map((one) => {
      const { borderTopColor, backgroundColor } = getComputedStyle(one);
      return { control: one.outerHTML.slice(0, 80), contrast: Math.min(contrast(borderTopColor, backgroundColor), contrast(borderTopColor, page)) };
    });
  });

for (const theme of themes) {
  test(`edges of fields and buttons can be seen in ${theme} colours`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await views[0]?.open(page);
    const found = await edges(page);
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter(({ contrast }) => contrast < 3)).toEqual([]);
  });
}

test("axe finds nothing serious on a page in trouble", async ({ page, watch }) => {
  watch.expect(/status of (400|404)/);
  for (const address of ["/#/currency/ABC", "/#/rates?q=dollr", "/#/nowhere", "/#/pipeline/run/nobody"]) {
    await page.goto("about:blank");
    await page.goto(address);
    await expect(page.locator("main [role=alert], main .suggestions, main p a, main .timeline [role=status]").first()).toBeVisible();
    await inspect(page, address);
  }
});

test.describe("with dead letters", () => {
  test.beforeEach(async () => heal());
  test.afterEach(async () => heal());

  test("axe finds nothing serious", async ({ page }) => {
    await control("poison", { kind: "unreadable" });
    await page.goto("/#/pipeline");
    await expect(page.getByTestId("dead-letter")).toHaveCount(2, { timeout: 60_000 });
    for (const size of [wide, narrow]) {
      await page.setViewportSize(size);
      await inspect(page, `dead letters ${size.width}`);
    }
  });
});
