// What Lighthouse says of each view as it is served: a slow phone on a slow network, simulated from what the browser did.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { expect, test } from "./parts/page";

const categories = ["performance", "accessibility", "best-practices"] as const;
/** Points of a hundred, in each category. */
const least = 95;
/** A busy machine takes points from performance and gives none, so the best of some looks is the page's own. */
const looks = 5;

interface Look {
  readonly scores: Readonly<Record<string, number>>;
  readonly lacking: readonly string[];
}

async function look(url: string, port: number): Promise<Look> {
  const result = await lighthouse(url, { port, logLevel: "error", onlyCategories: [...categories] });
  if (!result) throw new Error(`Lighthouse gave nothing for ${url}`);
  const { lhr } = result;
  if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.code} ${lhr.runtimeError.message}`);
  const of = (name: string) => lhr.categories[name] ?? { score: null, auditRefs: [] };
  return {
    scores: Object.fromEntries(categories.map((name) => [name, Math.round((of(name).score ?? 0) * 100)])),
    lacking: categories.flatMap((name) =>
      of(name)
        .auditRefs.filter(({ id, weight }) => weight > 0 && (lhr.audits[id]?.score ?? 1) < 0.9)
        .map(({ id }) => `${name}: ${id} ${lhr.audits[id]?.displayValue ?? ""}`.trim()),
    ),
  };
}

for (const view of ["rates", "currency/USD", "ranking", "pipeline"]) {
  test(`Lighthouse gives ${least} or more in every category: ${view}`, async ({ baseURL }) => {
    test.setTimeout(400_000);
    const { launchOptions } = test.info().project.use;
    const chrome = await launch({
      chromePath: launchOptions?.executablePath ?? "",
      chromeFlags: ["--headless=new", ...(launchOptions?.args ?? [])],
    });
    try {
      const best = new Map<string, number>();
      const lacks: string[] = [];
      for (let round = 0; round < looks && categories.some((name) => (best.get(name) ?? 0) < least); round += 1) {
        const { scores, lacking } = await look(new URL(`/#/${view}`, baseURL).href, chrome.port);
        console.log(`${view}: ${categories.map((name) => `${name} ${scores[name]}`).join(", ")}`);
        for (const name of categories) best.set(name, Math.max(best.get(name) ?? 0, scores[name] ?? 0));
        lacks.push(...lacking);
      }
      for (const name of categories) expect(best.get(name), `${name}\n${[...new Set(lacks)].join("\n")}`).toBeGreaterThanOrEqual(least);
    } finally {
      chrome.kill();
    }
  });
}
