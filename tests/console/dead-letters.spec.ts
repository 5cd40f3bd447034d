// Dead letters on the page: what is shown of them while somebody else holds them, and what a press does.
import type { Locator, Page, Route } from "@playwright/test";
import { expect, test } from "./parts/page";
import { control, heal, state } from "./parts/stack";

test.beforeEach(async ({ page }) => {
  await heal();
  await control("poison", { kind: "unreadable" });
  await page.goto("/#/pipeline");
  await expect(deadLetters(page)).toHaveCount(2, { timeout: 60_000 });
});
test.afterEach(async () => heal());

const deadLetters = (page: Page): Locator => page.getByTestId("dead-letter");
const card = (page: Page): Locator => page.getByTestId("dead-letters");
const toast = (page: Page): Locator => page.getByTestId("toast");
const isList = (url: URL): boolean => url.pathname === "/pipeline/dead-letters";
const isReplay = (url: URL): boolean => url.pathname === "/pipeline/dead-letters/replay";
const isPurge = (url: URL): boolean => url.pathname === "/pipeline/dead-letters/purge";

/** What is answered when somebody else has received all dead letters. */
const allInFlight = { matched: 0, hidden: 2, left_out: 0, complete: true, letters: [] };
const nothingDone = { matched: 0, replayed: 0, failed: 0, left: 0, deleted: 0, letters: [] };
const waiting = async (): Promise<number> => (await state()).queues.filter((queue: any) => queue.role === "dead_letters").reduce((sum: number, queue: any) => sum + queue.visible + queue.hidden, 0);

test("dead letters that somebody else holds are neither applied nor deleted, and the page says so", async ({ page }) => {
  await page.route(isReplay, (route) => route.fulfill({ json: nothingDone }));
  await page.route(isPurge, (route) => route.fulfill({ json: nothingDone }));
  await page.getByTestId("replay-all").click();
  await expect(toast(page)).toContainText("지금 다른 곳에서 처리하고 있어 아무것도 하지 않았습니다");
  await expect(page.locator(".toast")).toHaveClass(/bad/);

  await page.getByTestId("close-toast").click();
  await expect(toast(page)).not.toContainText("다른 곳");
  const remove = deadLetters(page).first().getByTestId("purge");
  await remove.click();
  await remove.filter({ hasText: "정말 삭제" }).click();
  await expect(toast(page)).toContainText("지금 다른 곳에서 처리하고 있어 아무것도 하지 않았습니다");
  await expect(toast(page)).not.toContainText("삭제했습니다");
  await expect(deadLetters(page)).toHaveCount(2);
});

test("dead letters that are hidden from the list are still there, not applied", async ({ page }) => {
  await page.route(isList, (route) => route.fulfill({ json: allInFlight }));
  await expect(card(page)).toContainText("메시지 2개는 지금 다른 곳에서 처리하고 있어", { timeout: 60_000 });
  await expect(deadLetters(page)).toHaveCount(2);
  // Somebody who comes just now has seen none of them.
  await page.reload();
  await expect(card(page)).toContainText("메시지 2개는 지금 다른 곳에서 처리하고 있어", { timeout: 60_000 });
  await expect(card(page)).not.toContainText("비어 있습니다");
});

test("a list and a replay of the same page never hide the dead letters from each other", async ({ page }) => {
  const seen: string[] = [];
  const held: Route[] = [];
  const logged = async (route: Route, what: string): Promise<void> => {
    seen.push(`${what} begins`);
    held.push(route);
  };
  const release = async (what: string, json?: object): Promise<void> => {
    seen.push(`${what} ends`);
    const route = held.shift();
    await (json === undefined ? route?.continue() : route?.fulfill({ json }));
  };
  await page.clock.install();
  await page.reload();
  await expect(deadLetters(page)).toHaveCount(2, { timeout: 60_000 });
  await page.route(isList, (route) => logged(route, "list"));
  await page.route(isReplay, (route) => logged(route, "replay"));

  await expect.poll(() => held.length, { timeout: 60_000 }).toBe(1);
  await page.getByTestId("replay-all").click();
  await expect(page.getByTestId("replay-all")).toHaveAttribute("aria-disabled", "true");
  await release("list");
  await expect.poll(() => seen).toContain("replay begins");
  // The next list is due by now.
  await page.clock.fastForward(60_000);
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", /good|warn/);
  await release("replay", nothingDone);
  await expect.poll(() => seen.filter((one) => one === "list begins").length).toBe(2);
  expect(seen).toEqual(["list begins", "list ends", "replay begins", "replay ends", "list begins"]);
  await release("list");
});

test("a replay that applies nothing calls no dead letter refused, and says how many were not tried", async ({ page }) => {
  await page.route(isReplay, (route) => route.fulfill({ json: { ...nothingDone, matched: 2, failed: 1, left: 1 } }));
  await page.getByTestId("replay-all").click();
  await expect(toast(page)).toContainText("1건은 적용되지 않아 남았습니다. 1건은 시도하지 못해 남았습니다.");
  await expect(toast(page)).not.toContainText("거절");
});

test("neither a double click nor a held Enter deletes; a second press does, and the focus stays at the dead letters", async ({ page }) => {
  const purges: string[] = [];
  page.on("request", (request) => {
    if (isPurge(new URL(request.url()))) purges.push(request.url());
  });
  const remove = deadLetters(page).first().getByTestId("purge");
  await remove.dblclick();
  await expect(remove).toHaveText("정말 삭제");
  // The first press has been forgotten.
  await expect(remove).toHaveText("삭제");

  await remove.focus();
  await page.keyboard.down("Enter");
  await page.keyboard.down("Enter");
  await expect(remove).toHaveText("정말 삭제");
  await expect(remove).toHaveAttribute("aria-disabled", "false");
  await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await expect(remove).toHaveText("정말 삭제");
  expect(purges).toEqual([]);
  expect(await waiting()).toBe(2);

  await page.keyboard.press("Enter");
  await expect(deadLetters(page)).toHaveCount(1, { timeout: 60_000 });
  expect(purges).toHaveLength(1);
  await expect(toast(page)).toContainText("1건을 삭제했습니다");
  await expect(page.locator("#dead-letters-title")).toBeFocused();
});
