// The pipeline: what the page shows of it, and what its buttons do to it. Every test begins and ends with a stack in order.
import type { Locator, Page } from "@playwright/test";
import { get } from "./parts/api";
import { expect, test } from "./parts/page";
import { row as rateRow, rows as rateRows } from "./parts/rates";
import { heal, read, state } from "./parts/stack";

test.beforeEach(async () => heal());
test.afterEach(async () => heal());

const verdict = (page: Page): Locator => page.getByTestId("verdict");
const deadLetters = (page: Page): Locator => page.getByTestId("dead-letter");
const counted = async (of: Locator): Promise<number> => Number((await of.getAttribute("data-count")) || Number.NaN);

async function open(page: Page): Promise<void> {
  await page.goto("/#/pipeline");
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 60_000 });
}

/** A dead letter is deleted at the second press, and a first press stands for some seconds only. */
async function purge(deadLetter: Locator): Promise<void> {
  const button = deadLetter.getByTestId("purge");
  await expect(async () => {
    if (!(await button.isVisible())) return;
    await button.click({ timeout: 2_000 });
    await button.filter({ hasText: "정말 삭제" }).click({ timeout: 2_000 });
    await expect(deadLetter).toHaveCount(0, { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
}

test("while everything flows, the verdict is good and a reader is answered from the cache", async ({ page }) => {
  await open(page);
  await expect(verdict(page)).toContainText("모두 흐르고 있습니다");
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", "cache");
  await expect(page.getByTestId("queue-backup")).toHaveAttribute("data-count", "0");
  await expect(page.getByTestId("queue-dead-letters")).toHaveAttribute("data-count", "0");
  for (const name of ["kafka", "redis", "postgres", "mongo", "sqs"]) await expect(page.getByTestId(`server-${name}`)).toHaveAttribute("data-state", "running");
  for (const { function: name } of (await state()).mappings) await expect(page.getByTestId(`mapping-${name}`)).toHaveAttribute("data-lag", /^\d+$/);
  await expect.poll(() => counted(page.getByTestId("cache-rate"))).toBeGreaterThan(0);
});

test("topics' counts rise by themselves and are the stack's", async ({ page }) => {
  await open(page);
  for (const name of ["new_data_received", "data_processing_completed"]) {
    const topic = page.getByTestId(`topic-${name}`);
    const before = await counted(topic);
    await expect.poll(() => counted(topic), { timeout: 60_000 }).toBeGreaterThan(before);
    const now = (await state()).topics.find((one: any) => one.name === name).records;
    await expect.poll(() => counted(topic)).toBeGreaterThanOrEqual(now);
  }
});

test("a run from the page appears among the runs, and its timeline leads from the provider to the cache", async ({ page }) => {
  await open(page);
  await page.getByTestId("run").click();
  const link = page.getByTestId("toast").getByRole("link");
  await expect(link).toBeVisible();
  const id = ((await link.getAttribute("href")) ?? "").split("/").at(-1) ?? "";
  await expect(page.locator(`[data-testid=run-row][data-id="${id}"]`).or(page.getByTestId("runs").getByRole("button", { name: "모두 보기" }))).not.toHaveCount(0);
  await link.click();
  await expect(page).toHaveURL(new RegExp(`#/pipeline/run/${id}$`));
  const timeline = page.getByTestId("timeline");
  await expect(timeline).toContainText(id, { timeout: 60_000 });
  const kinds = (): Promise<(string | null)[]> => timeline.getByTestId("timeline-step").evaluateAll((steps) => [...new Set(steps.map((step) => step.getAttribute("data-kind")))]);
  // Handlers report some seconds later.
  await expect.poll(kinds, { timeout: 60_000 }).toEqual(expect.arrayContaining(["run", "provider", "send", "handle", "postgres", "redis"]));
  await expect(timeline.locator("[data-testid=way] li")).toHaveCount(4);
  for (const milestone of await timeline.locator("[data-testid=way] li").all()) await expect(milestone).toHaveAttribute("data-ms", /^\d/, { timeout: 60_000 });
  await expect(async () => {
    const run = await read(`runs/${id}`);
    const shown = await timeline.getByTestId("timeline-step").evaluateAll((steps) => steps.reduce((sum, step) => sum + Number(step.getAttribute("data-count")), 0));
    expect(shown, "steps, folded ones included").toBe(run.steps.length);
    const total = new Intl.NumberFormat("ko", { maximumFractionDigits: run.total_ms < 10 || run.total_ms >= 1000 ? 1 : 0 });
    await expect(timeline).toContainText(run.total_ms >= 1000 ? `${total.format(run.total_ms / 1000)} s` : `${total.format(run.total_ms)} ms`, { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await timeline.getByRole("link", { name: "파이프라인" }).click();
  await expect(page.getByTestId("queue-backup")).toBeVisible();
});

test("a run is found by its correlation id", async ({ page }) => {
  await open(page);
  const [, { correlation_id: id }] = await read("runs");
  await page.getByTestId("find-run").fill(id);
  await page.getByTestId("find-run").press("Enter");
  await expect(page.getByTestId("timeline")).toContainText(id);
});

test("a run that nobody knows says so in the stack's words", async ({ page, watch }) => {
  watch.expect(/status of 404 .*\/pipeline\/runs\/nobody/);
  await page.clock.install();
  await page.goto("/#/pipeline/run/nobody");
  // Its steps might still come, for a minute.
  await expect(page.getByTestId("timeline").getByRole("status")).toContainText("nobody");
  await page.clock.fastForward(70_000);
  await expect(page.getByTestId("timeline").getByRole("alert")).toContainText("nobody");
});

test("an unreadable record ends as two dead letters with their reason, is refused again, and a purge removes it", async ({ page }) => {
  await open(page);
  await page.getByTestId("poison-unreadable").click();
  await expect(page.getByTestId("toast")).toContainText(/exchange_rate_updated-\d+@\d+/);
  await expect(deadLetters(page)).toHaveCount(2, { timeout: 60_000 });
  const functions = ["currency-exchange-rate-updated", "history-exchange-rate-updated"] as const;
  for (const name of functions) await expect(deadLetters(page).filter({ hasText: name })).toContainText("-1");
  await expect(page.getByTestId("queue-dead-letters")).toHaveAttribute("data-count", "2");
  await expect(verdict(page)).toHaveAttribute("data-verdict", "warn");
  await expect(verdict(page)).toContainText("2건");

  // One alone, then both at once.
  await deadLetters(page).filter({ hasText: functions[0] }).getByTestId("replay").click();
  await expect(deadLetters(page).filter({ hasText: functions[0] }).getByTestId("outcome")).toHaveAttribute("data-outcome", "refused", { timeout: 60_000 });
  await expect(deadLetters(page).filter({ hasText: functions[1] }).getByTestId("outcome")).toHaveCount(0);
  await expect(page.getByTestId("replay-all")).toHaveAttribute("aria-disabled", "false");
  await page.getByTestId("replay-all").click();
  await expect(deadLetters(page).filter({ hasText: functions[1] }).getByTestId("outcome")).toContainText("다시 거절됨", { timeout: 60_000 });
  await expect(deadLetters(page)).toHaveCount(2);

  await purge(deadLetters(page).filter({ hasText: functions[0] }));
  await expect(deadLetters(page)).toHaveCount(1);
  await purge(deadLetters(page).filter({ hasText: functions[1] }));
  await expect(page.getByTestId("dead-letters")).toContainText("비어 있습니다");
  await expect(page.getByTestId("queue-dead-letters")).toHaveAttribute("data-count", "0");
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 60_000 });
});

test("a record that the store refuses is kept, and applied by a replay once the table is mended", async ({ page }) => {
  await open(page);
  const before = await get("/api/v1/currencies/USD");
  const { results: history } = await get("/api/v1/history", { target: "USD", period: "1w" });
  await page.getByTestId("poison-store").click();
  await expect(deadLetters(page)).toHaveCount(1, { timeout: 60_000 });
  await expect(deadLetters(page)).toContainText("history-exchange-rate-updated");
  await expect(verdict(page)).toHaveAttribute("data-verdict", "warn");
  await expect(verdict(page)).toContainText("테이블");
  // All other records flow meanwhile.
  const topic = page.getByTestId("topic-new_data_received");
  const records = await counted(topic);
  await expect.poll(() => counted(topic), { timeout: 60_000 }).toBeGreaterThan(records);

  await page.getByTestId("mend").click();
  await expect(page.getByTestId("mend")).toHaveCount(0);
  await expect(page.getByTestId("toast")).toContainText("고쳤습니다");
  await deadLetters(page).getByTestId("replay").click();
  await expect(page.getByTestId("dead-letter-done").getByTestId("outcome")).toHaveAttribute("data-outcome", "applied", { timeout: 60_000 });
  await expect(deadLetters(page)).toHaveCount(0);
  await expect(page.getByTestId("queue-dead-letters")).toHaveAttribute("data-count", "0");
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 60_000 });

  // No digit of a rate is another: neither of that day, nor of the days before, nor of those that came since.
  const { rates: then } = await get("/api/v1/history/rates", { date: before.recorded_at.slice(0, 10), symbols: "USD" });
  expect(then.USD).toBe(before.deal_base_rate);
  const { results: after } = await get("/api/v1/history", { target: "USD", period: "3m" });
  const closes = new Map(after.map((one: any) => [one.date, one.close]));
  for (const { date, close } of history) expect(closes.get(date), date).toBe(close);
  await expect(async () => {
    const now = await get("/api/v1/currencies/USD");
    const { rates: stored, effective_date: day } = await get("/api/v1/history/rates", { date: now.recorded_at.slice(0, 10), symbols: "USD" });
    expect([day, stored.USD]).toEqual([now.recorded_at.slice(0, 10), now.deal_base_rate]);
  }).toPass({ timeout: 30_000 });
});

test("without Redis, readers are answered by PostgreSQL, and the page says so; with it, from the cache again", async ({ page, context, watch }) => {
  watch.expect(/status of 503/);
  await open(page);
  await page.getByTestId("server-redis-toggle").click();
  await expect(page.getByTestId("server-redis")).toHaveAttribute("data-state", "stopped", { timeout: 60_000 });
  await expect(verdict(page)).not.toHaveAttribute("data-verdict", "good");
  await expect(verdict(page)).toContainText("Redis");
  await expect(verdict(page)).toContainText("조회는 PostgreSQL에서");
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", "store");

  const reader = await context.newPage();
  await reader.goto("/#/rates");
  await expect(rateRow(reader, "USD").getByTestId("rate")).toHaveText(/\d/, { timeout: 60_000 });
  expect(await rateRows(reader).count()).toBeGreaterThanOrEqual(29);
  await expect(reader.getByTestId("convert-result")).toHaveAttribute("data-exact", /^\d/);
  await reader.close();

  await page.getByTestId("server-redis-toggle").click();
  await expect(page.getByTestId("server-redis")).toHaveAttribute("data-state", "running", { timeout: 60_000 });
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", "cache", { timeout: 90_000 });
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 90_000 });
});

test("without Kafka, runs go on and their events wait in the backup queue until it is back", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  await open(page);
  await page.getByTestId("server-kafka-toggle").click();
  await expect(page.getByTestId("server-kafka")).toHaveAttribute("data-state", "stopped", { timeout: 60_000 });
  await expect(verdict(page)).not.toHaveAttribute("data-verdict", "good");
  await expect(verdict(page)).toContainText("Kafka");
  await expect(verdict(page)).toContainText("백업 큐");
  await expect.poll(() => counted(page.getByTestId("queue-backup")), { timeout: 60_000 }).toBeGreaterThan(0);
  const { ingestor } = await state();
  await expect.poll(async () => (await state()).ingestor.runs, { timeout: 60_000 }).toBeGreaterThan(ingestor.runs + 1);
  expect((await state()).ingestor.failures, "runs do not fail").toBe(ingestor.failures);
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", /cache|store/);

  await page.getByTestId("server-kafka-toggle").click();
  await expect(page.getByTestId("server-kafka")).toHaveAttribute("data-state", "running", { timeout: 60_000 });
  await expect(page.getByTestId("queue-backup")).toHaveAttribute("data-count", "0", { timeout: 90_000 });
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 90_000 });
});

test("without MongoDB, only the ranking refuses", async ({ page, context, watch }) => {
  watch.expect(/status of 503/);
  await open(page);
  await page.getByTestId("server-mongo-toggle").click();
  await expect(page.getByTestId("server-mongo")).toHaveAttribute("data-state", "stopped", { timeout: 60_000 });
  await expect(verdict(page)).toContainText("MongoDB");
  await expect(page.getByTestId("probe")).toHaveAttribute("data-served-from", "cache");

  const reader = await context.newPage();
  await reader.goto("/#/ranking");
  await expect(reader.getByRole("alert")).toContainText("503", { timeout: 60_000 });
  await expect(reader.getByTestId("ranking-table")).toHaveCount(0);
  await reader.goto("/#/rates");
  await expect(rateRow(reader, "USD").getByTestId("rate")).toHaveText(/\d/);
  await reader.goto("/#/ranking");

  await page.getByTestId("server-mongo-toggle").click();
  await expect(page.getByTestId("server-mongo")).toHaveAttribute("data-state", "running", { timeout: 60_000 });
  await expect(verdict(page)).toHaveAttribute("data-verdict", "good", { timeout: 90_000 });
  await expect(reader.getByTestId("ranking-table").or(reader.getByTestId("ranking-empty"))).toBeVisible({ timeout: 60_000 });
  await expect(reader.getByRole("alert")).toHaveCount(0);
});
