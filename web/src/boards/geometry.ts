// Where the cells of a grid lie: a cell is 10 wide.
import type { Look } from "./look";
import type { Grid } from "./model";

export const SIZE = 10;
const ROW_OF_HEXES = 8.66;

export interface Geometry {
  width: number;
  height: number;
  /** The middle of a cell. */
  at: (cell: number) => { x: number; y: number };
  /** The cell that lies `down` and `right` of another on the screen; null beyond the edge. */
  beside: (cell: number, down: number, right: number) => number | null;
  /** The outline of a cell around its middle. */
  outline: string;
  tall: number;
}

const HEXAGON = "M0-5.77 5-2.89V2.89L0 5.77-5 2.89V-2.89z";
const SQUARE = "M-5-5H5V5H-5z";

export function geometryOf(grid: Grid, look: Look, flipped: boolean): Geometry {
  const { rows, columns, shape } = grid;
  const hex = shape === "hex";
  const tall = look.cells === "points" ? 50 : SIZE;
  const step = hex ? ROW_OF_HEXES : tall;
  const turn = (cell: number): number => (flipped ? rows * columns - 1 - cell : cell);
  const at = (cell: number): { x: number; y: number } => {
    const [row, column] = [Math.floor(turn(cell) / columns), turn(cell) % columns];
    const shift = hex ? (row * SIZE) / 2 : 0;
    return { x: column * SIZE + SIZE / 2 + shift, y: row * step + (hex ? 5.77 : tall / 2) };
  };
  const beside = (cell: number, down: number, right: number): number | null => {
    const row = Math.floor(turn(cell) / columns) + down;
    const column = (turn(cell) % columns) + right;
    if (row < 0 || row >= rows || column < 0 || column >= columns) return null;
    return turn(row * columns + column);
  };
  return {
    width: columns * SIZE + (hex ? ((rows - 1) * SIZE) / 2 : 0),
    height: hex ? (rows - 1) * ROW_OF_HEXES + 11.54 : rows * tall,
    at,
    beside,
    outline: hex ? HEXAGON : tall === SIZE ? SQUARE : `M-5${-tall / 2}H5V${tall / 2}H-5z`,
    tall,
  };
}
