// What a grid has under and around its cells: lines, a frame, points, labels.
import type { Geometry } from "./geometry";
import { SIZE } from "./geometry";
import type { Look } from "./look";
import type { Grid } from "./model";

export function Labels({ board, geometry, flipped }: { board: Grid; geometry: Geometry; flipped: boolean }) {
  const { labels, rows, columns } = board;
  if (!labels) return null;
  const last = flipped ? 0 : rows - 1;
  const first = flipped ? columns - 1 : 0;
  return (
    <g class="labels" aria-hidden="true" style={{ fontSize: `${Math.min(3.6, Math.max(1.9, geometry.width * 0.026))}px` }}>
      {labels.rows.map((text, row) => {
        const { x, y } = geometry.at(row * columns + first);
        return (
          <text key={`r${text}`} x={x - 7.4} y={y} dy=".35em">
            {text}
          </text>
        );
      })}
      {labels.columns.map((text, column) => {
        const { x } = geometry.at(last * columns + column);
        return (
          <text key={`c${text}`} x={x} y={geometry.height + 3.2}>
            {text}
          </text>
        );
      })}
    </g>
  );
}

/** What lies under the cells: lines, a frame. */
export function Ground({ board, geometry, look }: { board: Grid; geometry: Geometry; look: Look }) {
  const { width, height } = geometry;
  const { rows, columns } = board;
  if (look.cells === "holes") return <rect class="frame" width={width} height={height} rx="3" />;
  if (look.cells === "marks") {
    const inner = (count: number): number[] => Array.from({ length: count - 1 }, (_, n) => (n + 1) * SIZE);
    const d = [
      ...inner(columns).map((x) => `M${x} .6V${height - 0.6}`),
      ...inner(rows).map((y) => `M.6 ${y}H${width - 0.6}`),
    ];
    return <path class="lines thick" d={d.join("")} />;
  }
  if (look.cells === "lines") {
    const each = (count: number): number[] => Array.from({ length: count }, (_, n) => n * SIZE + 5);
    const d = [
      ...each(columns).map((x) => `M${x} 5V${height - 5}`),
      ...each(rows).map((y) => `M5 ${y}H${width - 5}`),
    ];
    return (
      <>
        <rect class="wood" width={width} height={height} rx="1.5" />
        <path class="lines" d={d.join("")} />
        {stars(rows, columns).map(([row, column]) => (
          <circle class="star" key={`${row} ${column}`} cx={column * SIZE + 5} cy={row * SIZE + 5} r=".9" />
        ))}
      </>
    );
  }
  if (look.cells === "points") {
    const half = height / 2;
    const points = Array.from({ length: columns * 2 }, (_, n) => {
      const [x, below] = [(n % columns) * SIZE, n >= columns];
      const tip = below ? half + 6 : half - 6;
      return (
        <path
          key={n}
          class={(n + (below ? 1 : 0)) % 2 ? "point odd" : "point even"}
          d={`M${x + 0.4} ${below ? height : 0}h${SIZE - 0.8}L${x + 5} ${tip}z`}
        />
      );
    });
    return (
      <>
        <rect class="felt" width={width} height={height} rx="1" />
        {points}
        <path class="lines" d={`M${width / 2} 0V${height}`} />
      </>
    );
  }
  return null;
}

function stars(rows: number, columns: number): [number, number][] {
  if (rows !== columns || rows < 9 || rows % 2 === 0) return [];
  const edge = rows > 11 ? 3 : 2;
  const at = rows > 13 ? [edge, (rows - 1) / 2, rows - 1 - edge] : [edge, rows - 1 - edge];
  const middle = (rows - 1) / 2;
  const found = at.flatMap((row) => at.map((column) => [row, column] as [number, number]));
  return rows > 13 ? found : [...found, [middle, middle]];
}
