// The games that come with Meeple have small views of their own; here they become boards.
import type { GameState, Json } from "../wire";
import { withMoves } from "./backgammon";
import { isRecord, type Card, type Cards, type Cell, type Grid, type Zone } from "./model";

type Seats = (number | null)[];

const isSeats = (value: Json | undefined): value is Seats =>
  Array.isArray(value) && value.every((one) => one === null || typeof one === "number");

const cell = (piece: string, seat: number | null | undefined): Cell | null =>
  seat === null || seat === undefined ? null : { piece, seat };

function ticTacToe(state: GameState, view: Record<string, Json>): Grid | null {
  const seats = view["board"];
  if (!isSeats(seats) || seats.length !== 9) return null;
  const legal = (state.legal_actions ?? []).filter((one) => typeof one === "number");
  return {
    kind: "grid",
    rows: 3,
    columns: 3,
    shape: "square",
    cells: seats.map((seat) => cell(seat === 0 ? "x" : "o", seat)),
    moves: Object.fromEntries(legal.map((at) => [String(at), [at]])),
    marked: runs(seats, 3, 3),
  };
}

function connectFour(state: GameState, view: Record<string, Json>): Grid | null {
  const rows = view["grid"];
  if (!Array.isArray(rows) || !rows.every(isSeats)) return null;
  const columns = rows[0]?.length ?? 0;
  const seats = rows.flat();
  const last = view["last"];
  const legal = (state.legal_actions ?? []).filter((one) => typeof one === "number");
  const lowest = (column: number): number => {
    const free = rows.filter((row) => row[column] === null).length;
    return (free - 1) * columns + column;
  };
  return {
    kind: "grid",
    rows: rows.length,
    columns,
    shape: "square",
    cells: seats.map((seat) => cell("disc", seat)),
    moves: Object.fromEntries(legal.map((column) => [String(column), [lowest(column)]])),
    marked: runs(seats, columns, 4),
    ...(isRecord(last) ? { last: [Number(last["row"]) * columns + Number(last["column"])] } : {}),
  };
}

function goofspiel(state: GameState, view: Record<string, Json>): Cards | null {
  const { hand_sizes: sizes, rounds, scores, carried } = view;
  if (!Array.isArray(sizes) || !Array.isArray(rounds) || !Array.isArray(scores)) return null;
  const number = (one: Json, place: string, more: Partial<Card> = {}): Card => ({
    id: place === "hand" ? String(one) : `${place} ${JSON.stringify(one)}`,
    name: String(one),
    ...more,
  });
  const own = state.seat;
  const bid = view["bid"] ?? null;
  const hands: Zone[] = sizes.map((size, seat) => {
    const cards =
      seat === own && Array.isArray(view["hand"])
        ? view["hand"].map((one) => number(one, "hand"))
        : Array<null>(Number(size)).fill(null);
    return { name: "hand", seat, layout: "fan", cards, count: cards.length };
  });
  const prizes = [...(Array.isArray(carried) ? carried : []), view["prize"] ?? null].flatMap((one) =>
    one === null ? [] : [number(one, "prize")],
  );
  const bids: (Card | null)[] = sizes.flatMap((_, seat) => {
    if (state.status === "over" || state.to_act.includes(seat)) return [];
    return [seat === own && bid !== null ? number(bid, "bid", { seat }) : null];
  });
  const past = rounds.at(-1);
  const shown = isRecord(past) && Array.isArray(past["bids"]) ? past["bids"] : [];
  const lastRound = shown.map((one, seat) => number(one, `round ${rounds.length}`, { seat }));
  const zone = (name: string, layout: Zone["layout"], cards: (Card | null)[]): Zone => ({
    name,
    seat: null,
    layout,
    cards,
    count: cards.length,
  });
  const left = Number(view["prizes_left"] ?? 0);
  return {
    kind: "cards",
    zones: [
      ...hands,
      { ...zone("prizes to come", "pile", []), count: left },
      zone(prizes.length > 1 ? "at stake" : "prize", "row", prizes),
      zone("bids", "row", bids),
      ...(lastRound.length ? [zone(`last round, for ${roundPrize(past)}`, "row", lastRound)] : []),
    ],
    moves: Object.fromEntries(
      (state.legal_actions ?? []).map((one) => [JSON.stringify(one), [String(one)]]),
    ),
    aside: { points: scores },
  };
}

const roundPrize = (round: Json | undefined): string =>
  isRecord(round) ? String(round["prize"]) : "";

/** The cells of every straight run of one seat. */
function runs(seats: Seats, columns: number, length: number): number[] {
  const rows = seats.length / columns;
  const found = new Set<number>();
  for (const [down, right] of [[0, 1], [1, 0], [1, 1], [1, -1]] as const) {
    seats.forEach((seat, at) => {
      if (seat === null) return;
      const [row, column] = [Math.floor(at / columns), at % columns];
      const [lastRow, lastColumn] = [row + down * (length - 1), column + right * (length - 1)];
      if (lastRow >= rows || lastColumn < 0 || lastColumn >= columns) return;
      const cells = Array.from({ length }, (_, n) => (row + n * down) * columns + column + n * right);
      if (cells.every((one) => seats[one] === seat)) cells.forEach((one) => found.add(one));
    });
  }
  return [...found];
}

const OWN: Record<string, (state: GameState, view: Record<string, Json>) => Grid | Cards | null> = {
  "tic-tac-toe": ticTacToe,
  "connect-four": connectFour,
  goofspiel,
};

function isGrid(board: Record<string, Json>): boolean {
  const { kind, rows, columns, cells } = board;
  return kind === "grid" && Array.isArray(cells) && cells.length === Number(rows) * Number(columns);
}

/** The board in a state's view; null if there is none that this page knows. */
export function boardOf(state: GameState): Grid | Cards | null {
  if (!isRecord(state.view)) return null;
  const made = OWN[state.engine]?.(state, state.view);
  if (made) return made;
  const board = state.view["board"];
  if (!isRecord(board)) return null;
  if (isGrid(board)) {
    const grid = board as unknown as Grid;
    return state.engine === "openspiel:backgammon" ? withMoves(grid, state) : grid;
  }
  if (board["kind"] === "cards" && Array.isArray(board["zones"])) return board as unknown as Cards;
  return null;
}
