// What the ingestor holds back is seen, and can be released. The local chain does not ask Korea Eximbank, so no run touches what is written here as its.
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";
import { redis } from "./parts/redis";
import { control } from "./parts/stack";

const key = "held:koreaexim";
const rate = (day: string, quotation: number, percent: string) => ({
  recorded_at: `${day}T13:15:00Z`,
  deal_base_rate: 1200,
  tts: null,
  ttb: null,
  quotation,
  previous: 1.201,
  previous_at: "2015-01-14T13:15:00Z",
  change_percent: percent,
  held_since: `${day}T15:05:00Z`,
});
const chf = [rate("2015-01-15", 1.028, "-14.4047"), rate("2015-01-16", 1.0128, "-15.6703")];

test.afterEach(async () => {
  await redis("DEL", key);
});

test("what is held back is shown with its move, and a button releases it", async ({ page }) => {
  await redis("HSET", key, "CHF", JSON.stringify(chf), "TRY", JSON.stringify([rate("2015-01-15", 3.5, "12.0001")]));
  await page.goto("/#/pipeline");
  const held = page.getByTestId("held");
  const line = held.locator("[data-code=CHF]");
  await expect(held.getByTestId("held-row")).toHaveCount(2);
  for (const words of ["2회 고시", "1.201", "2015년 1월 14일 고시", "1.0128", "2015년 1월 16일 고시", "-15.67%"]) await expect(line).toContainText(words);
  // 15:05 UTC is five past midnight in Korea.
  await expect(line.locator("time")).toHaveAttribute("datetime", "2015-01-15T15:05:00Z");
  await expect(line.locator("time")).toContainText("1월 16일");
  await expect(held.getByTestId("release-command")).toContainText('{"release":["CHF","TRY"]}');

  const bodies: unknown[] = [];
  await page.route("**/pipeline/run", async (route) => {
    bodies.push(route.request().postDataJSON());
    // What the ingestor does with it is its own tests' affair; here it is a run, after which nothing of it is held.
    await redis("HDEL", key, "CHF");
    await route.fulfill({ json: await control("run", { force: false }) });
  });
  await held.getByTestId("release-CHF").click();
  await expect(page.getByTestId("toast")).toContainText("CHF의 보류를 해제하도록");
  expect(bodies).toEqual([{ release: ["CHF"] }]);
  await expect(line).toHaveCount(0);
  await page.getByRole("button", { name: "English" }).click();
  await expect(held).toContainText("Held back");
  await redis("DEL", key);
  await expect(held).toHaveCount(0);
});

test("the table of rates marks a currency of which a newer rate is held back", async ({ page }) => {
  await redis("HSET", key, "CHF", JSON.stringify(chf));
  await page.goto("/#/rates");
  const mark = row(page, "CHF").getByRole("link", { name: "보류 중" });
  await expect(mark).toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId("rate-row").filter({ hasText: "보류 중" })).toHaveCount(1);
  await mark.click();
  await expect(page.getByTestId("held")).toBeVisible();
});
