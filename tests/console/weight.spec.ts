// How heavy the page is on its way to a browser, and what its answers promise.
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";

/** The first look at the rates, in bytes as transferred. */
const most = 150_000;

test("the first load of the rates transfers few bytes", async ({ page, context }) => {
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
  await devtools.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Encoding": "br" } });
  const answers = new Map<string, { url: string; encoding: string }>();
  const sizes = new Map<string, number>();
  devtools.on("Network.responseReceived", ({ requestId, response }) =>
    answers.set(requestId, { url: response.url, encoding: Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-encoding")?.[1] ?? "" }),
  );
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await page.goto("/#/rates");
  await expect(row(page, "USD").locator("svg.sparkline")).toBeVisible();
  await page.waitForLoadState("networkidle").catch(() => undefined);

  const files = [...sizes].flatMap(([id, bytes]) => {
    const answer = answers.get(id);
    const path = new URL(answer?.url ?? "about:blank").pathname;
    return answer !== undefined && !path.startsWith("/api/") ? [{ path, bytes, encoding: answer.encoding }] : [];
  });
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`first load of #/rates: ${(total / 1000).toFixed(1)} kB\n${files.map(({ path, bytes, encoding }) => `  ${path} ${bytes} ${encoding}`).join("\n")}`);
  const names = files.map(({ path }) => path).join(" ");
  expect(names).toMatch(/\.js\b/);
  expect(names).toMatch(/\.css\b/);
  expect(names, "charts come with the views that draw them").not.toMatch(/currency-|pipeline-|uplot/i);
  for (const { path, encoding } of files.filter(({ path }) => /\.(js|css)$/.test(path))) expect(encoding, path).toBe("br");
  expect(total).toBeGreaterThan(5_000);
  expect(total).toBeLessThanOrEqual(most);
});

test("answers carry the security headers, and files are kept as long as their names promise", async ({ baseURL }) => {
  const home = await fetch(new URL("/", baseURL));
  const policy = home.headers.get("content-security-policy") ?? "";
  const rules = new Map(policy.split(";").map((rule) => rule.trim().split(/\s+/)).map(([name = "", ...sources]) => [name, sources.join(" ")]));
  expect(rules.get("default-src")).toBe("'none'");
  expect(rules.get("script-src")).toBe("'self'");
  expect(rules.get("style-src")).toBe("'self'");
  expect(rules.get("connect-src")).toBe("'self'");
  expect(rules.get("frame-ancestors")).toBe("'none'");
  expect(rules.get("base-uri")).toBe("'none'");
  expect(policy).not.toMatch(/unsafe|\*|http:/);
  for (const [name, value] of Object.entries({
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
  }))
    expect(home.headers.get(name), name).toBe(value);
  expect(home.headers.get("cache-control")).toBe("no-cache");

  const html = await home.text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=|https?:\/\//);
  const assets = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
  expect(assets.length).toBeGreaterThanOrEqual(2);
  for (const path of assets) {
    expect(path).toMatch(/-[\w-]{8}\.(js|css)$/);
    const answer = await fetch(new URL(path, home.url));
    expect(answer.headers.get("cache-control"), path).toMatch(/max-age=31536000.*immutable/);
    expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
    expect(answer.headers.get("content-security-policy"), path).toBe(policy);
  }
  expect((await fetch(new URL("/assets/none-00000000.js", baseURL))).status).toBe(404);
});
