// Takes docs/images: each view in both languages, two of them in dark colours.
import { ask } from "./parts/api";
import { expect, test } from "./parts/page";
import { choose, languages, views, wide } from "./parts/views";

const images = new URL("../../docs/images/", import.meta.url);

/** What some readers looked at, so that the ranking has something to rank: country and readers. */
const looked = { US: 9, JP: 7, CN: 5, GB: 3, DE: 3, AU: 2, HK: 2, TH: 1, CH: 1, CA: 1 } as const;

test.beforeAll(async ({ baseURL }) => {
  for (const [country, readers] of Object.entries(looked)) {
    for (let reader = 1; reader <= readers; reader += 1) {
      const answer = await fetch(new URL("/api/v1/rankings/click", baseURL), {
        method: "POST",
        // The same picture again counts nobody twice.
        headers: { "Content-Type": "application/json", "Idempotency-Key": `pictures-${country}-${reader}` },
        body: JSON.stringify({ country, user_id: `reader-${reader}` }),
      });
      expect(answer.status, `${country}: ${await answer.text()}`).toBe(201);
    }
  }
  const { body } = await ask("/api/v1/rankings", { period: "daily" });
  expect(body.data.ranking.length).toBeGreaterThanOrEqual(Object.keys(looked).length);
});

const shots = [
  { view: "rates", theme: "light", height: 860 },
  { view: "currency", theme: "light", height: 1120 },
  { view: "ranking", theme: "dark", height: 700 },
  { view: "pipeline", theme: "dark", height: 1120 },
  { view: "timeline", theme: "light", height: 900 },
] as const;

for (const { view, theme, height } of shots) {
  for (const language of languages) {
    test(`${view}-${language}.png`, async ({ browser, baseURL, watch }) => {
      const context = await browser.newContext({ baseURL: baseURL ?? "", viewport: { ...wide, height }, colorScheme: theme });
      await watch.over(context);
      const page = await context.newPage();
      await choose(page, language, theme);
      await views.find(({ name }) => name === view)?.open(page);
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForLoadState("networkidle").catch(() => undefined);
      await page.screenshot({ path: new URL(`${view}-${language}.png`, images).pathname, animations: "disabled" });
      await context.close();
    });
  }
}
