// The page of every test. Whatever a test is about, it fails when the page asks another origin for anything, when it breaks its Content-Security-Policy, and when it
// writes an error to the browser's console.
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";

export interface Watch {
  /** A trouble that this test causes on purpose, such as a line on a status 503. */
  expect(trouble: RegExp): void;
  /** What was seen and is not expected. */
  troubles(): readonly string[];
  /** Watches one more browser, of its own settings. */
  over(context: BrowserContext): Promise<void>;
}

function watching(origin: string): Watch {
  const seen: string[] = [];
  const expected: RegExp[] = [];
  const watchPage = (page: Page): void => {
    page.on("console", (message) => {
      if (message.type() === "error") seen.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => seen.push(`error: ${error.stack ?? error.message}`));
  };
  return {
    expect: (trouble) => expected.push(trouble),
    troubles: () => seen.filter((trouble) => !expected.some((pattern) => pattern.test(trouble))),
    async over(context) {
      // Also those that fail or are refused: that they were tried is the fault.
      context.on("request", (request) => {
        const { protocol, origin: asked } = new URL(request.url());
        if (protocol !== "data:" && asked !== origin) seen.push(`request to another origin: ${request.url()}`);
      });
      await context.exposeFunction("hwanyulViolation", (violation: string) => seen.push(`policy: ${violation}`));
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          const { hwanyulViolation: tell } = window as unknown as { hwanyulViolation: (violation: string) => void };
          tell(`${event.violatedDirective} refuses ${event.blockedURI} (${event.sourceFile ?? ""}:${event.lineNumber})`);
        });
      });
      context.pages().forEach(watchPage);
      context.on("page", watchPage);
    },
  };
}

export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ context, baseURL }, use) => {
      const watch = watching(new URL(baseURL ?? "").origin);
      await watch.over(context);
      await use(watch);
      expect(watch.troubles(), "what the page must not do").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
