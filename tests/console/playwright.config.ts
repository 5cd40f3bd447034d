// How the console's tests run: one browser, one test at a time, because all share one running stack. HWANYUL_CONSOLE_URL says where it is.
import { defineConfig } from "@playwright/test";

const baseURL = process.env.HWANYUL_CONSOLE_URL;
if (!baseURL) throw new Error("HWANYUL_CONSOLE_URL is missing: the address of a running console, such as http://127.0.0.1:8000 after ./localstack/up");

/** Ignored by Git. */
const results = "results";

export default defineConfig({
  testMatch: "*.spec.ts",
  outputDir: results,
  workers: 1,
  fullyParallel: false,
  // A test that needs a second try has found a fault, in the page or in itself.
  retries: 0,
  forbidOnly: true,
  // Slow machines are no fault of the page; no test asserts how long something takes.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL,
    locale: "ko-KR",
    timezoneId: "Asia/Seoul",
    viewport: { width: 1280, height: 800 },
    // Playwright answers `prefers-color-scheme` itself; tests of the theme say what they want.
    colorScheme: "light",
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
