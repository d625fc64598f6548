import { arrows, fill, h, set, usable } from "../dom";
import { mark } from "../pictures";
import { nameOf } from "../text";
import type { Json } from "@meeple/client";
import { isRecord, isSeat, may, type Board, type Play, type Position } from "./board";
import { runs, type Grid } from "./lines";

const isRow = (row: Json): row is (number | null)[] => Array.isArray(row) && row.every(isSeat);

function gridOf(view: Json): Grid | null {
  const grid = isRecord(view) ? view["grid"] : null;
  return Array.isArray(grid) && grid.length > 0 && grid.every(isRow) ? grid : null;
}

export function connectFour(play: Play, view: Json): Board | null {
  const first = gridOf(view);
  if (first === null) return null;
  let now: Position | null = null;
  let before: Grid | null = null;
  const element = h("div", { class: "connect-four", role: "group", "aria-label": "Board" });
  const columns = (first[0] ?? []).map((_, column) => {
    const discs = first.map(() => h("span", { class: "disc" }));
    const button = h(
      "button",
      {
        type: "button",
        class: "column",
        onclick: () => {
          if (now && may(now, column)) play(column);
        },
      },
      ...discs,
    );
    return { button, discs };
  });
  element.append(...columns.map(({ button }) => button));
  arrows(element, 1);

  function update(position: Position): void {
    const { state, pending } = position;
    const grid = gridOf(state.view);
    if (grid === null) return;
    now = position;
    const won = runs(grid, 4);
    columns.forEach(({ button, discs }, column) => {
      const free = grid.filter((row) => row[column] === null).length;
      discs.forEach((disc, row) => {
        const seat = grid[row]?.[column] ?? null;
        const arriving = pending === column && row === free - 1;
        const shown = arriving ? state.seat : seat;
        const fresh = before !== null && seat !== null && before[row]?.[column] === null;
        if (disc.dataset["seat"] !== String(shown)) fill(disc, shown !== null && mark(shown));
        disc.dataset["seat"] = String(shown);
        disc.classList.toggle("arriving", arriving);
        disc.classList.toggle("won", won.has(`${row},${column}`));
        if (fresh) disc.dataset["fell"] = String(row);
        else if (before === null || seat === null) delete disc.dataset["fell"];
      });
      const names = grid
        .flatMap((row) => row[column] ?? [])
        .reverse()
        .map((seat) => nameOf(state.players[seat]));
      const from = names.length ? `from the bottom ${names.join(", ")}` : "empty";
      set(button, { "aria-label": `Column ${column + 1}: ${from}${free ? "" : "; full"}` });
      usable(button, may(position, column));
    });
    before = grid;
  }
  return { element, update };
}
