// Where things are in the table of rates.
import type { Locator, Page } from "@playwright/test";

export const rows = (page: Page): Locator => page.getByTestId("rate-row");
export const row = (page: Page, code: string): Locator => page.locator(`[data-testid=rate-row][data-code=${code}]`);
