// Days are the API's days, wherever and whenever they are looked at.
import type { Page } from "@playwright/test";
import { answer, envelope, withData } from "./parts/answers";
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";

/** A week has fewer common days than a correlation needs. */
const tooFewToCompare = /status of 422 .*\/history\/compare/;

const dayMs = 86_400_000;

/** Eight days in a row, as a week with both its ends is. */
const week = (first: string): string[] => Array.from({ length: 8 }, (_, at) => new Date(Date.parse(first) + at * dayMs).toISOString().slice(0, 10));

const printed = (day: string, size: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat("ko", { ...size, timeZone: "UTC" }).format(new Date(day));

/** Keeps what is written on each canvas since it was last cleared. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const written = new WeakMap<object, string[]>();
    const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...place) {
      written.set(this.canvas, []);
      clearRect.apply(this, place);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      written.get(this.canvas)?.push(text);
      fillText.call(this, text, ...place);
    };
    (window as any).hwanyulWritten = (canvas: object) => written.get(canvas) ?? [];
  });
}

// Clocks that are set back just before UTC's midnight, that skip their own midnight, and others. uPlot's own days have one twice and the next one not at all in the first four.
for (const [timezoneId, first] of [
  ["Asia/Jerusalem", "2026-10-22"],
  ["Australia/Sydney", "2026-04-02"],
  ["Pacific/Auckland", "2026-04-02"],
  ["America/Santiago", "2026-09-03"],
  ["Europe/Berlin", "2026-10-23"],
  ["America/Sao_Paulo", "2018-02-14"],
  ["Australia/Sydney", "2026-10-01"],
  ["America/New_York", "2026-03-05"],
  ["Asia/Seoul", "2026-10-23"],
] as const) {
  test.describe(`in ${timezoneId}`, () => {
    test.use({ timezoneId });
    test(`the week from ${first} has each day once, on the axis and in the table`, async ({ page, watch }) => {
      watch.expect(tooFewToCompare);
      const real = await envelope("/api/v1/history", { target: "USD", period: "1w", interval: "daily" });
      const days = week(first);
      const results = days.map((date, at) => ({ ...real.data.results[at % real.data.results.length], date }));
      await answer(page, /\/api\/v1\/history\?.*period=1w/, withData(real, { results, data_points: days.length, from: days[0], to: days[7] }));
      await listen(page);
      await page.goto("/#/currency/USD?period=1w&table=true");
      const axis = () =>
        page
          .getByTestId("chart")
          .locator("canvas")
          .evaluate((canvas) => ((window as any).hwanyulWritten(canvas) as string[]).filter((text) => /월 \d+일$/.test(text)));
      // The first one has no room at the edge.
      const wanted = days.slice(1).map((day) => printed(day, { month: "short", day: "numeric" }));
      await expect.poll(axis, { timeout: 60_000 }).toEqual(wanted);
      const rows = page.getByTestId("series-table").locator("tbody th");
      await expect(rows).toHaveText(days.map((day) => printed(day, { year: "numeric", month: "short", day: "numeric" })).reverse());
    });
  });
}

test("before nine in Korea the converter takes the Korean day", async ({ page, watch }) => {
  // The feed may not have come near that day.
  watch.expect(/status of 404 .*\/api\/v1\/convert/);
  for (const [now, newest] of [
    ["2026-10-29T14:59:00Z", "2026-10-29"],
    ["2026-10-29T15:01:00Z", "2026-10-30"],
    ["2026-10-29T23:59:00Z", "2026-10-30"],
    ["2026-10-30T00:01:00Z", "2026-10-30"],
  ] as const) {
    await page.clock.setFixedTime(now);
    await page.goto("/#/rates");
    await page.reload();
    await expect(row(page, "USD")).toBeVisible();
    await expect(page.getByTestId("convert-date"), now).toHaveAttribute("max", newest);
  }
  const asked = page.waitForRequest(/\/api\/v1\/convert\?.*date=2026-10-30/);
  await page.getByTestId("convert-date").fill("2026-10-30");
  expect([200, 404]).toContain((await (await asked).response())?.status());
  expect(await page.getByTestId("convert-date").evaluate((field: HTMLInputElement) => field.validity.valid)).toBe(true);
});
