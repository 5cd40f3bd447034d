// The lines between the columns of the picture. Heights are parts of a hundred of the columns, which are equally high; a line lights up when something passes.

export interface Wire {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Grows when something passes. */
  readonly passed?: number;
  /** Nothing can pass, because a server at one end is away. */
  readonly isCut?: boolean;
  /** Used only where the usual way has no answer. */
  readonly isSpare?: boolean;
}

export function Wires({ area, wires }: { area: string; wires: readonly Wire[] }) {
  return (
    <svg class={`wires ${area}`} viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {wires.map(({ name, from, to, passed, isCut, isSpare }) => {
        const way = `M0 ${from}C60 ${from} 40 ${to} 100 ${to}`;
        return (
          <g key={name}>
            <path class={`wire ${isCut ? "cut" : isSpare ? "spare" : ""}`} d={way} vector-effect="non-scaling-stroke" />
            {!isCut && passed !== undefined && <path key={passed} class="passing" d={way} vector-effect="non-scaling-stroke" />}
          </g>
        );
      })}
    </svg>
  );
}
