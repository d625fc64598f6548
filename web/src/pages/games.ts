import { fill, h, type Child } from "../dom";
import { picture } from "../pictures";
import { ago, list, result, title } from "../text";
import type { GameRow } from "@meeple/client";

/** A list of games that is drawn anew only if it has changed, so that the focus stays. */
export function gameList(empty: string, item: (row: GameRow) => Child[]): GameList {
  const element = h("ul", { class: "games" });
  let drawn = "";
  function show(rows: readonly GameRow[]): void {
    const text = JSON.stringify(rows);
    if (text === drawn) return;
    drawn = text;
    if (rows.length === 0) return fill(element, h("li", { class: "empty" }, empty));
    fill(element, ...rows.map((row) => h("li", {}, picture(row.engine), ...item(row))));
  }
  return { element, show };
}

export interface GameList {
  element: HTMLElement;
  show(rows: readonly GameRow[]): void;
}

const link = (row: GameRow, what: string): HTMLElement =>
  h("a", { class: "button", href: `#/game/${row.game_id}` }, what);

const about = (row: GameRow, line: string): HTMLElement =>
  h("span", { class: "what" }, h("strong", {}, title(row.engine)), h("span", {}, line));

const others = (row: GameRow, user: string): string[] =>
  row.players.flatMap((player) => (player && player.user_id !== user ? [player.name] : []));

/** A table in the lobby with a free seat. */
export function openGame(row: GameRow): Child[] {
  const names = row.players.flatMap((player) => (player ? [player.name] : []));
  const free = row.players.length - names.length;
  const seats = free === 1 ? "one free seat" : `${free} free seats`;
  const line = `${list(names) || "Nobody yet"} · ${seats} · ${ago(row.updated_at)}`;
  return [about(row, line), link(row, "Open")];
}

/** One of my own games. */
export function myGame(row: GameRow, user: string): Child[] {
  const against = list(others(row, user));
  const line = [against && `with ${against}`, result(row, user), ago(row.updated_at)];
  const what = row.status === "over" ? "Look" : "Play";
  return [about(row, line.filter(Boolean).join(" · ")), link(row, what)];
}
