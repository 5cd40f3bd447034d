// What is on a chart's canvas, by its pixels.
import type { Locator } from "@playwright/test";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Colours other than the most frequent one, which is the ground. */
  readonly colours: number;
  /** Pixels of another colour than the ground. */
  readonly drawn: number;
  /** Another text for another picture. */
  readonly print: string;
}

export const picture = (chart: Locator): Promise<Picture> =>
  chart.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data, width, height } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: new Uint8ClampedArray(), width: 0, height: 0 };
    const pixels = new Uint32Array(data.buffer);
    const many = new Map<number, number>();
    let print = 2_166_136_261;
    for (const pixel of pixels) {
      many.set(pixel, (many.get(pixel) ?? 0) + 1);
      print = Math.imul(print ^ pixel, 16_777_619) >>> 0;
    }
    const ground = Math.max(0, ...many.values());
    return { width, height, colours: many.size - 1, drawn: pixels.length - ground, print: String(print) };
  });

/** How many pixels have just the colour that the style sheet calls `name`. */
export const pixelsOf = (chart: Locator, name: string): Promise<number> =>
  chart.locator("canvas").evaluate((canvas: HTMLCanvasElement, name) => {
    const probe = document.createElement("canvas").getContext("2d");
    const context = canvas.getContext("2d");
    if (!probe || !context) return 0;
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) found += 1;
    return found;
  }, name);
