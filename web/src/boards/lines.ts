/** A grid of seats, row by row. */
export type Grid = (number | null)[][];

const WAYS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

/** The cells, as "row,column", of every straight run of one seat of at least `length`. */
export function runs(grid: Grid, length: number): Set<string> {
  const found = new Set<string>();
  grid.forEach((row, r) =>
    row.forEach((seat, c) => {
      if (seat === null) return;
      for (const [down, right] of WAYS) {
        const cells = Array.from({ length }, (_, n) => [r + n * down, c + n * right] as const);
        if (cells.every(([y, x]) => grid[y]?.[x] === seat)) {
          for (const [y, x] of cells) found.add(`${y},${x}`);
        }
      }
    }),
  );
  return found;
}
