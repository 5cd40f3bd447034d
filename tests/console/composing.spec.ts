// Words in Korean are composed of syllables, and syllables of letters: the keys that do it are the input method's.
import { expect, test } from "./parts/page";
import { row } from "./parts/rates";

test("Escape while a syllable is composed ends the composition and nothing else", async ({ page, context, watch }) => {
  // What is half composed is looked for, too, and may be the name of nothing.
  watch.expect(/status of 404 .*\/currencies\/search/);
  await page.goto("/#/rates");
  await expect(row(page, "JPY")).toBeVisible();
  const search = page.getByTestId("search");
  await search.evaluate((field: HTMLInputElement) => {
    const keys: unknown[] = ((window as any).hwanyulKeys = []);
    field.addEventListener("keydown", (event) => keys.push([event.key, event.isComposing, event.keyCode]));
  });
  const keys = () => page.evaluate(() => (window as any).hwanyulKeys as unknown[]);
  await search.fill("달");
  await expect(page).toHaveURL(/q=%EB%8B%AC/);

  const devtools = await context.newCDPSession(page);
  await devtools.send("Input.imeSetComposition", { text: "러", selectionStart: 1, selectionEnd: 1 });
  await expect(search).toHaveValue("달러");
  await page.keyboard.press("Escape");
  expect((await keys()).at(-1)).toEqual(["Escape", true, 27]);
  await expect(search).toHaveValue("달러");
  await devtools.send("Input.insertText", { text: "러" });
  await expect(search).toHaveValue("달러");
  await expect(page).toHaveURL(/q=%EB%8B%AC%EB%9F%AC/);

  // As Safari tells it: the composition has ended, and only the code says whose key it was.
  await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Escape", code: "Escape", windowsVirtualKeyCode: 229 });
  expect((await keys()).at(-1)).toEqual(["Escape", false, 229]);
  await expect(search).toHaveValue("달러");
  await expect(page).toHaveURL(/q=%EB%8B%AC%EB%9F%AC/);
  await expect(row(page, "USD")).toBeVisible();
  await expect(row(page, "JPY")).toHaveCount(0);

  // And when nothing is composed it empties the field.
  await page.keyboard.press("Escape");
  await expect(search).toHaveValue("");
  await expect(row(page, "JPY")).toBeVisible();
  await expect(page).not.toHaveURL(/q=/);
});
