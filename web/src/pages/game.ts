import type { Client, Game } from "@meeple/client";
import { user } from "../account";
import type { Board } from "../boards/board";
import { boardFor } from "../boards/index";
import { fill, h, say, set } from "../dom";
import { TablePage } from "../table";
import { standing, title } from "../text";
import { header } from "./header";
import { invitation } from "./invitation";
import type { Page } from "./page";
import { confirmed, playerList } from "./panel";

/** A table: the board, who plays, and what one is asked to do. */
export function game(root: HTMLElement, id: string, client: Client, refresh: () => void): Page {
  const me = user();
  const heading = h("h1", {}, "Table");
  const banner = h("p", { class: "banner", role: "status", hidden: true });
  const status = h("p", { class: "status", role: "status" }, "Opening the table …");
  const forced = h("p", { class: "forced", role: "status", hidden: true });
  const error = h("p", { class: "error", role: "alert" });
  const place = h("div", { class: "place" });
  const players = playerList();
  const invite = invitation(id);
  const sitButton = h("button", { type: "button", class: "main" }, "Sit down");
  const watching = h("p", { class: "watching" }, "You are watching. ", sitButton);
  const home = h("a", { class: "button", href: "#/" }, "Back to the lobby");
  const table = new TablePage(id, client, update);
  const resign = confirmed("Resign", "Give this game up?", "Resign", () => table.resign());
  const close = confirmed("Close the table", "Call this game off?", "Close it", () => {
    void table.abort();
  });
  sitButton.addEventListener("click", () => {
    sitButton.disabled = true;
    void table.sit().finally(() => {
      sitButton.disabled = false;
    });
  });
  const stage = h("div", { class: "stage" }, heading, status, forced, error, watching, invite, place);
  const choices = h("div", { class: "choices" }, resign.element, close.element, home);
  const side = h("aside", {}, players.element, choices);
  fill(root, header(refresh), banner, h("main", { class: "table" }, stage, side));

  let board: Board | null = null;

  function update(): void {
    // A renewed account is another player.
    if (user() !== me) return refresh();
    drawLine();
    const { state } = table;
    say(error, table.error ?? "");
    set(side, { hidden: state === null && !table.missing });
    for (const part of [players.element, invite, resign.element, close.element, watching]) {
      set(part, { hidden: state === null });
    }
    if (table.missing) say(status, "This table cannot be shown.");
    if (state) drawTable(state);
  }

  function drawLine(): void {
    const { status, error } = client.connection.getSnapshot();
    const lost = status === "offline" || (status === "connecting" && table.state !== null);
    const kept = table.waiting ? " Your move is kept, and sent then." : "";
    say(banner, error?.message ?? (lost ? `Connection lost. Reconnecting …${kept}` : ""));
    set(banner, { hidden: !lost });
    stage.classList.toggle("offline", lost);
  }

  function drawTable(state: Game): void {
    const mine = state.seat !== null;
    const open = state.status === "open";
    const myTurn = mine && state.to_act.includes(state.seat as number);
    say(heading, title(state.engine));
    say(status, standing(state));
    status.classList.toggle("mine", myTurn);
    status.classList.toggle("over", state.outcome !== null);
    document.title = `${myTurn ? "● Your turn – " : ""}${title(state.engine)} · Meeple`;
    drawForced(state);
    players.update(state);
    set(invite, { hidden: !open });
    set(watching, { hidden: mine });
    set(sitButton, { hidden: !open });
    resign.show(mine && state.status === "live");
    close.show(mine && open);
    if (state.view === null) return;
    if (board === null) {
      board = boardFor(state.engine, state.view, (action) => table.act(action));
      fill(place, board.element);
    }
    board.update({ state, mayAct: table.mayAct, pending: table.pendingAction });
  }

  function drawForced({ request }: Game): void {
    const what = request?.kind === "forced" ? request.forced : undefined;
    const words = typeof what === "object" && what !== null && "text" in what ? what.text : what;
    const text = typeof words === "string" ? words : JSON.stringify(words);
    say(forced, what === undefined ? "" : `You must do this first: ${text}`);
    set(forced, { hidden: what === undefined });
  }

  update();
  return { stop: () => table.stop() };
}
