import { arrows, fill, h, set, usable } from "../dom";
import { mark } from "../pictures";
import { nameOf } from "../text";
import type { Json } from "@meeple/client";
import { isRecord, isSeat, may, type Board, type Play, type Position } from "./board";
import { runs, type Grid } from "./lines";

type Cells = (number | null)[];

function cellsOf(view: Json): Cells | null {
  const board = isRecord(view) ? view["board"] : null;
  return Array.isArray(board) && board.length === 9 && board.every(isSeat) ? board : null;
}

export function ticTacToe(play: Play, view: Json): Board | null {
  if (cellsOf(view) === null) return null;
  let now: Position | null = null;
  const buttons = Array.from({ length: 9 }, (_, cell) =>
    h("button", {
      type: "button",
      class: "cell",
      onclick: () => {
        if (now && may(now, cell)) play(cell);
      },
    }),
  );
  const element = h("div", { class: "tic-tac-toe", role: "group", "aria-label": "Board" });
  element.append(...buttons);
  arrows(element, 3);

  function update(position: Position): void {
    const { state, pending } = position;
    const cells = cellsOf(state.view);
    if (cells === null) return;
    now = position;
    const grid: Grid = [cells.slice(0, 3), cells.slice(3, 6), cells.slice(6)];
    const won = runs(grid, 3);
    buttons.forEach((button, cell) => {
      const arriving = pending === cell && cells[cell] === null;
      const seat = arriving ? state.seat : (cells[cell] ?? null);
      const row = Math.floor(cell / 3);
      const what = seat === null ? "empty" : nameOf(state.players[seat]);
      if (button.dataset["seat"] !== String(seat)) fill(button, seat !== null && mark(seat));
      button.dataset["seat"] = String(seat);
      button.classList.toggle("arriving", arriving);
      button.classList.toggle("won", won.has(`${row},${cell % 3}`));
      set(button, { "aria-label": `Row ${row + 1}, column ${(cell % 3) + 1}: ${what}` });
      usable(button, may(position, cell));
    });
  }
  return { element, update };
}
