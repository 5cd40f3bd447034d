// What axe finds on every view, in both languages and themes, wide and narrow.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./parts/page";
import { heal, tell } from "./parts/stack";
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
      for (const language of languages) {
        for (const theme of themes) {
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
      }
    });
  }
}

test("axe finds nothing serious on a page in trouble", async ({ page, watch }) => {
  watch.expect(/status of (400|404)/);
  for (const address of ["/#/currency/ABC", "/#/rates?q=dollr", "/#/nowhere", "/#/pipeline/run/nobody"]) {
    await page.goto("about:blank");
    await page.goto(address);
    await expect(page.locator("main [role=alert], main .suggestions, main p a").first()).toBeVisible();
    await inspect(page, address);
  }
});

test.describe("with dead letters", () => {
  test.beforeEach(async () => heal());
  test.afterEach(async () => heal());

  test("axe finds nothing serious", async ({ page }) => {
    await tell("poison", { kind: "unreadable" });
    await page.goto("/#/pipeline");
    await expect(page.getByTestId("dead-letter")).toHaveCount(2, { timeout: 60_000 });
    for (const size of [wide, narrow]) {
      await page.setViewportSize(size);
      await inspect(page, `dead letters ${size.width}`);
    }
  });
});
