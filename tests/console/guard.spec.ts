// The watch over every page is itself tested: what it is to notice is done on purpose here.
import { expect, test } from "./parts/page";

test("a request to another origin is refused by the page's policy, and noticed", async ({ page, watch }) => {
  await page.goto("/#/rates");
  await page.evaluate(() => fetch("https://elsewhere.invalid/").catch(() => undefined));
  await expect.poll(() => watch.troubles().join("\n")).toContain("connect-src refuses https://elsewhere.invalid/");
  watch.expect(/elsewhere\.invalid/);
  expect(watch.troubles()).toEqual([]);
});

test("an inline script and an inline style are refused by the page's policy, and noticed", async ({ page, watch }) => {
  await page.goto("/#/rates");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.wasRun = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", '<p style="color: red">styled</p>');
  });
  await expect.poll(() => watch.troubles().filter((trouble) => trouble.startsWith("policy:")).length).toBe(2);
  expect(await page.evaluate(() => "wasRun" in window)).toBe(false);
  expect(watch.troubles().join("\n")).toContain("script-src-elem refuses inline");
  expect(watch.troubles().join("\n")).toContain("style-src-attr refuses inline");
  watch.expect(/refuses inline|Content Security Policy|inline (script|style)/i);
});

test("an error that nobody catches and one in the browser's console are noticed", async ({ page, watch }) => {
  await page.goto("/#/rates");
  await page.evaluate(() => {
    console.error("told on purpose");
    setTimeout(() => {
      throw new Error("thrown on purpose");
    });
  });
  await expect.poll(() => watch.troubles().join("\n")).toContain("thrown on purpose");
  expect(watch.troubles().join("\n")).toContain("told on purpose");
  watch.expect(/on purpose/);
});
