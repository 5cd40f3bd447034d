// Candles in a uPlot chart, whose four series are open, high, low and close. A rise is hollow and a fall is filled, so that colour does not say it alone.
import uPlot from "uplot";
import { colour } from "../core/theme";

/** The four series. They draw nothing themselves; the value axis takes its range from them. */
export const candleSeries: readonly uPlot.Series[] = ["open", "high", "low", "close"].map((label) => ({ label, paths: () => null, points: { show: false } }));

/** Draws the candles. */
export const candles: uPlot.Plugin = { hooks: { draw: drawCandles } };

function drawCandles(plot: uPlot): void {
  const { ctx, bbox, data } = plot;
  const [times, opens, highs, lows, closes] = data;
  if (times === undefined || opens === undefined || highs === undefined || lows === undefined || closes === undefined) return;
  const x = (index: number): number => plot.valToPos(times[index] ?? 0, "x", true);
  const y = (value: number): number => plot.valToPos(value, "y", true);
  const ratio = uPlot.pxRatio;
  const gap = times.length > 1 ? (x(times.length - 1) - x(0)) / (times.length - 1) : bbox.width;
  const width = Math.max(ratio, Math.min(Math.round(gap * 0.62), 16 * ratio));
  const line = Math.max(1, Math.round(ratio));

  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = line;
  const [up, down, ground] = [colour("--up"), colour("--down"), colour("--surface")];
  for (let index = 0; index < times.length; index += 1) {
    const [open, high, low, close] = [opens[index], highs[index], lows[index], closes[index]];
    if (typeof open !== "number" || typeof high !== "number" || typeof low !== "number" || typeof close !== "number") continue;
    const isRise = close >= open;
    ctx.strokeStyle = isRise ? up : down;
    ctx.fillStyle = isRise ? ground : down;
    // Half a line off whole pixels, so that edges are sharp.
    const middle = Math.round(x(index)) + (line % 2) / 2;
    ctx.beginPath();
    ctx.moveTo(middle, Math.round(y(high)));
    ctx.lineTo(middle, Math.round(y(low)));
    ctx.stroke();
    const top = Math.round(y(Math.max(open, close))) + (line % 2) / 2;
    const height = Math.round(y(Math.min(open, close)) - y(Math.max(open, close)));
    ctx.beginPath();
    ctx.rect(Math.round(x(index) - width / 2) + (line % 2) / 2, top, width, height);
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}
