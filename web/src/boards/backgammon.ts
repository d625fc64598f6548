// The clicks that the moves of backgammon are: from point to point, in the order of their words.
import type { Grid } from "./model";
import type { GameState } from "../wire";

const POINTS = 24;

/** The cell of a point as the player on `seat` counts them, 24 being the farthest. */
function cellOf(point: number, seat: number): number {
  const own = seat === 1 ? point : POINTS + 1 - point;
  return own > POINTS / 2 ? own - POINTS / 2 - 1 : POINTS - own;
}

/**
 * The cells of words such as `24/21(2)`, `13/8/4*` and `bar/20 6/off`. Bar and off are no cells: a checker that
 * comes in is one click, and so is one that goes off.
 */
export function cellsOf(words: string, seat: number): number[] {
  const parts = words.replace(/^\d+ - /, "").split(" ");
  return parts.flatMap((part) => {
    const times = Number(/\((\d)\)/.exec(part)?.[1] ?? 1);
    const stops = part.replace(/\(\d\)|\*/g, "").split("/");
    const cells = stops.flatMap((stop) => (/^\d+$/.test(stop) ? [cellOf(Number(stop), seat)] : []));
    return Array.from({ length: times }, () => cells).flat();
  });
}

/** The board with its moves, which the server does not say. */
export function withMoves(board: Grid, { seat, legal_actions }: GameState): Grid {
  if (seat === null || !legal_actions) return board;
  const words = legal_actions.filter((one) => typeof one === "string");
  return { ...board, moves: Object.fromEntries(words.map((one) => [one, cellsOf(one, seat)])) };
}
