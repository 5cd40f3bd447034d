// The lines of a comparison: how far each currency went since the period's start, in percent.
import type uPlot from "uplot";
import { get } from "../core/api";
import { type Decimal, toFloat } from "../core/decimal";
import * as format from "../core/format";
import { colour } from "../core/theme";
import type { Drawing } from "../parts/chart";
import type { Period } from "./choice";
import { secondsOf } from "./series";

export type ComparedPeriod = Exclude<Period, "all">;

export interface Line {
  readonly code: string;
  /** Its place among the colours, from 1 on. */
  readonly place: number;
  /** The change since the period's start by day. */
  readonly changes: ReadonlyMap<string, Decimal>;
}

export interface Lines {
  readonly days: readonly string[];
  readonly lines: readonly Line[];
  /** When the last rate of the one that is furthest behind was set. */
  readonly recordedAt: string | undefined;
}

export async function loadLines(codes: readonly string[], base: string, period: ComparedPeriod, signal: AbortSignal): Promise<Lines> {
  const answers = await Promise.allSettled(codes.map((target) => get("/api/v1/history", { target, base, period, interval: "daily" }, { signal })));
  // One currency without a history leaves the others; without any, its reason is the page's.
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed !== undefined && answers.every((answer) => answer.status === "rejected")) throw failed.reason;
  const lines = answers.flatMap((answer, index) =>
    answer.status === "fulfilled"
      ? [{ code: answer.value.target, place: index + 1, changes: new Map(answer.value.results.map((row) => [row.date, row.change_percent])) }]
      : [],
  );
  const recordedAt = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.recorded_at ?? ""] : [])).sort()[0];
  return { days: [...new Set(lines.flatMap(({ changes }) => [...changes.keys()]))].sort(), lines, recordedAt };
}

export const colourOf = (place: number): `--line-${number}` => `--line-${place}`;

/** So that lines of near colours differ, too. */
const dashes = [[], [8, 4], [3, 3], [10, 4, 3, 4]];

export function drawLines({ days, lines }: Lines): Drawing {
  const values = lines.map(({ changes }) => days.map((day) => changes.get(day)).map((value) => (value === undefined ? null : toFloat(value))));
  return {
    data: [days.map(secondsOf), ...values],
    series: lines.map(({ code, place }) => ({
      label: code,
      stroke: () => colour(colourOf(place)),
      width: place === 1 ? 2.5 : 1.5,
      dash: dashes[(place - 1) % dashes.length] ?? [],
      spanGaps: true,
      points: { show: false },
    })),
    plugins: [{ hooks: { draw: (plot) => nameEnds(plot, lines) } }],
    tick: (value, step) => `${value > 0 ? "+" : ""}${format.tick(value, step)}%`,
    room: 40,
  };
}

/** Writes each line's code beside its end; where lines end close together, codes go below each other. */
function nameEnds(plot: uPlot, lines: readonly Line[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const height = 14 * ratio;
  const ends = lines.flatMap(({ code, place }, index) => {
    const value = [...(plot.data[index + 1] ?? [])].findLast((value) => typeof value === "number");
    return typeof value === "number" ? [{ code, place, y: plot.valToPos(value, "y", true) }] : [];
  });
  ends.sort((a, b) => a.y - b.y);
  let free = bbox.top + height / 2;
  for (const end of ends) free = (end.y = Math.max(end.y, free)) + height;
  // What was pushed out below is pushed up again.
  let limit = bbox.top + bbox.height - height / 2;
  for (const end of ends.toReversed()) limit = (end.y = Math.min(end.y, limit)) - height;
  ctx.save();
  ctx.font = `600 ${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { code, place, y } of ends) {
    ctx.fillStyle = colour(colourOf(place));
    ctx.fillText(code, bbox.left + bbox.width + 6 * ratio, y);
  }
  ctx.restore();
}
