// A small line without axes: which way something went, at a glance.
import { useMemo } from "preact/hooks";
import { type Decimal, toFloat } from "../core/decimal";

export interface Point {
  /** A day, such as `2026-10-30`. */
  readonly date: string;
  readonly value: Decimal;
}

const [width, height, margin] = [96, 28, 3];

/** Draws `points`, the oldest first; `label` says what the line shows to those who do not see it. */
export function Sparkline({ points, label }: { points: readonly Point[]; label: string }) {
  const drawn = useMemo(() => draw(points), [points]);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
      <path d={drawn.line} />
      <circle cx={drawn.end.x} cy={drawn.end.y} r="2" />
    </svg>
  );
}

function draw(points: readonly Point[]) {
  const values = points.map(({ value }) => toFloat(value));
  const days = points.map(({ date }) => Date.parse(date));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first = 0, last = 1] = [days[0], days.at(-1)];
  // By their days, so that a holiday is as wide as it was long. A flat line runs through the middle.
  const x = (day: number): number => margin + ((day - first) / Math.max(last - first, 1)) * (width - 2 * margin);
  const y = (value: number): number => (high === low ? height / 2 : margin + ((high - value) / (high - low)) * (height - 2 * margin));
  const places = values.map((value, at) => `${x(days[at] ?? first).toFixed(1)} ${y(value).toFixed(1)}`);
  return { line: `M${places.join("L")}`, end: { x: x(last).toFixed(1), y: y(values.at(-1) ?? low).toFixed(1) } };
}
