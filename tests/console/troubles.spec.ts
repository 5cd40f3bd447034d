// What the pipeline's page says and keeps where something is slow, away or not as it was. Answers are changed on their way where real servers cannot be made to give them.
import type { Page, Request } from "@playwright/test";
import { expect, test } from "./parts/page";
import { control, heal, read, state } from "./parts/stack";

test.beforeEach(async () => heal());
test.afterEach(async () => heal());

const isState = (url: URL): boolean => url.pathname === "/pipeline/state";
const isRuns = (url: URL): boolean => url.pathname === "/pipeline/runs";
const isProbe = (url: URL): boolean => url.pathname === "/api/v1/currencies/USD";

async function open(page: Page): Promise<void> {
  await page.goto("/#/pipeline");
  await expect(page.getByTestId("run")).toBeVisible({ timeout: 60_000 });
}

/** Text outside of what is marked as English. */
const unmarked = (page: Page): Promise<string> =>
  page.getByTestId("toast").evaluate((one) => {
    const copy = one.cloneNode(true) as Element;
    for (const marked of copy.querySelectorAll("[lang=en]")) marked.remove();
    return copy.textContent ?? "";
  });

test("records that wait are stuck only when looks close to each other saw them wait", async ({ page }) => {
  const real = await state();
  let looks = 0;
  let now = Date.parse(real.now);
  let step = 60_000;
  await page.route(isState, (route) => {
    looks += 1;
    now += step;
    const mappings = real.mappings.map((mapping: any, index: number) => ({ ...mapping, lag: index === 0 ? 3 : 0 }));
    const at = new Date(now).toISOString();
    return route.fulfill({ json: { ...real, now: at, ingestor: { ...real.ingestor, last_at: at }, mappings } });
  });
  const verdict = page.getByTestId("verdict");
  await page.goto("/#/pipeline");
  // The tab was away for a minute between any two of these looks.
  await expect.poll(() => looks).toBeGreaterThan(3);
  await expect(verdict).toHaveAttribute("data-verdict", "good");
  step = 3_000;
  await expect(verdict).toHaveAttribute("data-verdict", "bad");
  await expect(verdict).toContainText("3건");
});

test("the time for which records wait begins at the first look that saw them wait", async ({ page }) => {
  const real = await state();
  let looks = 0;
  await page.route(isState, (route) => {
    looks += 1;
    // Nothing waits at the first read, something does at three more, the last of which is repeated.
    const step = Math.min(looks, 4);
    const at = new Date(Date.parse(real.now) + step * 4_000).toISOString();
    const mappings = real.mappings.map((mapping: any) => ({ ...mapping, lag: step === 1 ? 0 : 1 }));
    return route.fulfill({ json: { ...real, now: at, ingestor: { ...real.ingestor, last_at: at }, mappings } });
  });
  await page.goto("/#/pipeline");
  await expect.poll(() => looks).toBeGreaterThan(6);
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "good");
});

test("failures are counted in sight, and their reasons are opened by keys", async ({ page }) => {
  const real = await state();
  const [first] = real.mappings;
  await page.route(isState, (route) => {
    const mappings = real.mappings.map((mapping: any) => (mapping === first ? { ...mapping, retries: 3, failures: 2, last_error: "the handler timed out" } : mapping));
    const [provider] = real.ingestor.providers;
    const providers = [{ ...provider, provider: "ecb", outcome: "failed", error: "ecb answered with status 500" }];
    const ingestor = { ...real.ingestor, providers, failures: 4, last_error: "no provider has rates" };
    return route.fulfill({ json: { ...real, ingestor, mappings } });
  });
  await open(page);
  const handler = page.getByTestId(`mapping-${first.function}`);
  await expect(handler).toContainText("재시도 3 · 실패 2");
  const reasons = [
    [handler, "the handler timed out"],
    [page.locator(".node.source"), "ecb answered with status 500"],
    [page.locator(".node.ingestor"), "no provider has rates"],
  ] as const;
  for (const [node, reason] of reasons) {
    const words = node.locator("[lang=en]").filter({ hasText: reason });
    await expect(words).not.toBeVisible();
    await node.locator("summary").focus();
    await page.keyboard.press("Enter");
    await expect(words).toBeVisible();
    await page.keyboard.press("Enter");
  }
});

test("a reader who gets no answer in time is said to get none", async ({ page }) => {
  await page.route(isProbe, () => undefined);
  await open(page);
  await expect(page.getByTestId("probe")).toContainText("8초 안에 답이 없음", { timeout: 60_000 });
  await page.unroute(isProbe);
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", "cache", { timeout: 60_000 });
});

test("what the stack says is marked as English, and what the page says itself is Korean", async ({ page, watch }) => {
  watch.expect(/ERR_FAILED|status of 50[02]/);
  await open(page);
  const run = page.getByTestId("run");
  const isRun = (url: URL): boolean => url.pathname === "/pipeline/run";
  await page.route(isRun, (route) => route.fulfill({ status: 500, json: { error: "ingestor failed: no provider has rates" } }));
  await run.click();
  await expect(page.getByTestId("toast").locator("[lang=en]")).toHaveText("ingestor failed: no provider has rates");
  expect((await unmarked(page)).trim()).toBe("실패했습니다:");

  await page.route(isRun, (route) => route.abort());
  await run.click();
  await expect(page.getByTestId("toast")).toContainText("로컬 스택에 연결할 수 없습니다.");
  await page.route(isRun, (route) => route.fulfill({ status: 502, body: "Bad gateway" }));
  await run.click();
  await expect(page.getByTestId("toast")).toContainText("상태 코드 502");
  expect(await unmarked(page)).not.toMatch(/(?:[A-Za-z]+ ){3}/);
});

test("the focus stays near a button that goes away when it is pressed", async ({ page }) => {
  await control("poison", { kind: "refused_by_store" });
  await open(page);
  await page.getByTestId("mend").press("Enter");
  await expect(page.getByTestId("mend")).toHaveCount(0);
  await expect(page.locator(".poison h3")).toBeFocused();

  // The line that says what was done is closed, and one is back where one was.
  await page.getByTestId("find-run").focus();
  await page.getByTestId("close-toast").press("Enter");
  await expect(page.getByTestId("close-toast")).toHaveCount(0);
  await expect(page.getByTestId("find-run")).toBeFocused();
});

test("without a run that sent rates the list says so, and not that there is no run", async ({ page }) => {
  const runs = await read("runs");
  await page.route(isRuns, (route) => route.fulfill({ json: runs.map((run: any) => ({ ...run, rates: 0 })) }));
  await open(page);
  const card = page.getByTestId("runs");
  await expect(card.getByTestId("run-row").first()).toBeVisible();
  await card.getByRole("checkbox").check();
  await expect(card).toContainText("최근 수집 가운데 환율을 보낸 것이 없습니다.");
  await page.route(isRuns, (route) => route.fulfill({ json: [] }));
  await expect(card).toContainText("아직 수집이 없습니다.");
});

test("a run that stays unknown is asked for no more after a minute, until somebody wants it", async ({ page, watch }) => {
  watch.expect(/status of 404 .*\/pipeline\/runs\/nobody/);
  let [asked, ended] = [0, 0];
  const isOfNobody = (request: Request): boolean => request.url().endsWith("/pipeline/runs/nobody");
  page.on("request", (request) => void (asked += Number(isOfNobody(request))));
  for (const event of ["requestfinished", "requestfailed"] as const) page.on(event as "requestfinished", (request) => void (ended += Number(isOfNobody(request))));
  await page.clock.install();
  await page.goto("/#/pipeline/run/nobody");
  const timeline = page.getByTestId("timeline");
  await expect(timeline).toContainText("자동으로 다시 조회합니다");
  await page.clock.fastForward(70_000);
  await expect(timeline.getByRole("alert")).toContainText("최근 수집에 이 상관 ID가 없습니다");
  await expect(timeline).not.toContainText("자동으로");
  // One that is under way would be taken for one that nobody answers, when a minute goes by at once.
  await expect.poll(() => asked - ended).toBe(0);
  const before = asked;
  for (let minutes = 0; minutes < 5; minutes += 1) await page.clock.fastForward(60_000);
  await expect.poll(() => page.getByTestId("run-row").count()).toBeGreaterThan(0);
  expect(asked - before).toBeLessThanOrEqual(1);

  await timeline.getByRole("button", { name: "다시 조회" }).click();
  await expect(timeline).toContainText("자동으로 다시 조회합니다");
  await expect.poll(() => asked).toBeGreaterThan(before + 1);
});
