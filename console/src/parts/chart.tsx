// A chart on a canvas: uPlot with this page's colours, axes in the shown language, and a cursor that keys and fingers move as a mouse does.
import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { daysBetween } from "../core/day";
import { timeTick } from "../core/format";
import { isComposing } from "../core/keys";
import { language } from "../core/language";
import { colour, theme } from "../core/theme";
import "../styles/chart.css";

/** What is drawn. Keep the object while nothing of it changes: the chart is made anew for another one. */
export interface Drawing {
  /** Seconds since 1970, then the values of each of `series`. */
  readonly data: uPlot.AlignedData;
  readonly series: readonly uPlot.Series[];
  readonly bands?: readonly uPlot.Band[];
  readonly plugins?: readonly uPlot.Plugin[];
  /** A value beside its axis, whose steps are so large. */
  readonly tick: (value: number, step: number) => string;
  /** Times of day count, in the viewer's time zone; otherwise points are days. */
  readonly isHourly?: boolean;
  /** Seconds of room beside the first and the last point. */
  readonly margin?: number;
  /** Pixels to the right of the plot, for what a plugin writes there; the axis is on the left then. */
  readonly room?: number;
  /** Without dots where the cursor meets the lines. */
  readonly isDotless?: boolean;
}

interface Props {
  drawing: Drawing;
  /** What the chart shows, for those who do not see it. */
  label: string;
  /** The point under the cursor. */
  at: Signal<number | undefined>;
  /** A point in words; read aloud when keys move the cursor. */
  say: (index: number) => string;
  testid: string;
}

export function Chart({ drawing, label, at, say, testid }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [spoken, setSpoken] = useState("");

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const made = new uPlot({ ...options(drawing, at), ...size() }, drawing.data, element);
    plot.current = made;
    // A mouse is uPlot's own affair; a finger on the chart is not.
    const touch = (event: PointerEvent): void => {
      const place = made.over.getBoundingClientRect();
      if (event.pointerType !== "mouse") made.setCursor({ left: event.clientX - place.left, top: event.clientY - place.top });
    };
    made.over.addEventListener("pointerdown", touch);
    made.over.addEventListener("pointermove", touch);
    const observer = new ResizeObserver(() => made.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = undefined;
      made.destroy();
      at.value = undefined;
    };
  }, [drawing, theme.value, language.value]);

  const move = (event: KeyboardEvent): void => {
    const last = (plot.current?.data[0].length ?? 0) - 1;
    const from = at.value;
    const to = { ArrowLeft: (from ?? last + 1) - 1, ArrowRight: (from ?? last - 1) + 1, Home: 0, End: last, PageUp: (from ?? last) - 10, PageDown: (from ?? last) + 10 }[event.key];
    if (to === undefined || plot.current === undefined || isComposing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(last, to));
    show(plot.current, index);
    setSpoken(say(index));
  };
  const leave = (): void => {
    plot.current?.setCursor({ left: -10, top: -10 });
    setSpoken("");
  };
  return (
    <>
      <div ref={box} class="chart" role="img" aria-label={label} data-testid={testid} tabIndex={0} onKeyDown={move} onBlur={leave} />
      <p class="unseen" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}

function show(plot: uPlot, index: number): void {
  const x = plot.data[0][index];
  if (x !== undefined) plot.setCursor({ left: plot.valToPos(x, "x"), top: 0 });
}

/** As wide as the widest of its numbers needs. */
const axisWidth = (_: uPlot, values: readonly string[] | null): number => Math.ceil(Math.max(0, ...(values ?? []).map((value) => value.length)) * 6.8) + 14;

/** Whether a label there would reach over the canvas's left edge, where no axis makes room for it. */
const isCut = (plot: uPlot, x: number, isLeft: boolean): boolean => !isLeft && plot.valToPos(x, "x") < 26;

function options(drawing: Drawing, at: Signal<number | undefined>): Omit<uPlot.Options, "width" | "height"> {
  const axisStyle = {
    stroke: () => colour("--faint"),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: () => colour("--grid"), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  const margin = drawing.margin ?? 0;
  const isLeft = drawing.room !== undefined;
  return {
    tzDate: (seconds) => new Date(seconds * 1000),
    padding: [10, drawing.room ?? 0, 0, isLeft ? 0 : 10],
    legend: { show: false },
    series: [{}, ...drawing.series],
    bands: [...(drawing.bands ?? [])],
    plugins: [...(drawing.plugins ?? [])],
    scales: {
      // One point alone would have no width to be drawn in.
      x: { range: (_, min, max) => (min === max ? [min - 43_200, max + 43_200] : [min - margin, max + margin]) },
    },
    axes: [
      {
        ...axisStyle,
        space: 68,
        size: 30,
        grid: { show: false },
        incrs: drawing.isHourly ? hours : days,
        // Days are days of UTC, wherever they are looked at. uPlot 1.6 reckons with the viewer's own days, which may have 23 or 25 hours.
        ...(!drawing.isHourly && { splits: (_plot: uPlot, _axis: number, min: number, max: number, step: number) => daysBetween(min, max, step) }),
        values: (plot, splits, _axis, _space, step) => splits.map((split) => (isCut(plot, split, isLeft) ? null : timeTick(split, step, drawing.isHourly === true))),
      },
      { ...axisStyle, side: isLeft ? 3 : 1, space: 36, size: axisWidth, values: (_, splits, _axis, _space, step) => splits.map((split) => drawing.tick(split, step)) },
    ],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: drawing.isDotless ? { show: false } : { size: 8 },
      // On the nearest point, where its numbers are from.
      move: (plot, left, top) => {
        const x = left < 0 ? undefined : plot.data[0][plot.posToIdx(left)];
        return [x === undefined ? left : plot.valToPos(x, "x"), top];
      },
    },
    hooks: {
      setCursor: [
        (plot) => {
          at.value = plot.cursor.idx ?? undefined;
        },
      ],
    },
  };
}

const [hour, day] = [3_600, 86_400];
const years = [1, 2, 5, 10, 25].map((count) => count * 365 * day);
/** Steps between the times under an axis; uPlot makes calendar months and years of those that are about as long. */
const days = [...[1, 2, 3, 5, 7, 14].map((count) => count * day), ...[1, 2, 3, 4, 6].map((count) => count * 30 * day), ...years];
const hours = [...[1, 2, 3, 6, 12].map((count) => count * hour), ...days];
