// Every view, and when it is all there.
import { expect, type Page } from "@playwright/test";

export interface View {
  readonly name: string;
  readonly open: (page: Page) => Promise<void>;
}

const patience = { timeout: 60_000 };

/** Goes to a view in the page as it is; a change behind "#" alone would keep the former view's state, so it is loaded anew. */
const to = async (page: Page, hash: string): Promise<void> => {
  await page.goto("about:blank");
  await page.goto(`/#/${hash}`);
};

async function drawn(page: Page, chart: string): Promise<void> {
  await expect(page.getByTestId(chart).locator("canvas")).toBeVisible(patience);
}

export const views: readonly View[] = [
  {
    name: "rates",
    async open(page) {
      await to(page, "rates");
      await expect(page.locator("[data-testid=rate-row][data-code=USD] svg.sparkline")).toBeVisible(patience);
      await expect(page.locator("[data-testid=rate-row][data-code=USD] [data-testid=change] .percent")).toBeVisible(patience);
      await expect(page.getByTestId("convert-result")).toBeVisible(patience);
    },
  },
  {
    name: "currency",
    async open(page) {
      await to(page, "currency/USD?view=candles&period=6m&table=true");
      await drawn(page, "chart");
      await drawn(page, "forecast-chart");
      await drawn(page, "compare-chart");
      await expect(page.getByTestId("stats").locator("dd")).toHaveCount(8, patience);
      await expect(page.getByTestId("correlation")).toBeVisible(patience);
    },
  },
  {
    name: "ranking",
    async open(page) {
      // At least one country has been looked at.
      await to(page, "currency/USD");
      await expect(page.getByTestId("chart")).toBeVisible(patience);
      await to(page, "ranking/US");
      await expect(page.getByTestId("ranking-row").first()).toBeVisible(patience);
      await expect(page.getByTestId("country-stats").locator("svg")).toBeVisible(patience);
      await page.getByTestId("country-stats").locator("summary").click();
    },
  },
  {
    name: "pipeline",
    async open(page) {
      await to(page, "pipeline");
      await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", /good|warn/, patience);
      await expect(page.getByTestId("run-row").first()).toBeVisible(patience);
      await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", /cache|store/, patience);
    },
  },
  {
    name: "timeline",
    async open(page) {
      await to(page, "pipeline");
      await page.getByTestId("run-row").nth(3).getByRole("link").click();
      await expect(page.locator("[data-testid=timeline-step][data-kind=handle]").first()).toBeVisible(patience);
    },
  },
];

export const languages = ["ko", "en"] as const;
export const themes = ["light", "dark"] as const;
export const wide = { width: 1280, height: 800 };
export const narrow = { width: 360, height: 740 };

/** What somebody chose earlier, before the page starts. */
export async function choose(page: Page, language: (typeof languages)[number], theme: (typeof themes)[number]): Promise<void> {
  await page.addInitScript(
    ([language, theme]) => {
      // "about:blank" has no store.
      if (location.protocol === "about:") return;
      localStorage.setItem("hwanyul.language", JSON.stringify(language));
      localStorage.setItem("hwanyul.theme", JSON.stringify(theme));
    },
    [language, theme] as const,
  );
}
