import { signed } from "../account";
import { fill, h } from "../dom";
import { rest } from "../rest";
import { list, standing, title } from "../text";
import { Refused, words, type GameState } from "../wire";
import { header } from "./header";
import { nameForm } from "./name_form";
import type { Page } from "./page";

const TAKEN = new Set(["game_full", "seat_taken", "game_over"]);

/** What one sees who opens an invitation and has no name yet. */
export function invited(root: HTMLElement, id: string, refresh: () => void): Page {
  const main = h("main", { class: "invited" });
  const error = h("p", { class: "error", role: "alert" });
  fill(root, header(refresh), main);

  function draw(state: GameState): void {
    const names = state.players.flatMap(({ name }) => (name === null ? [] : [name]));
    const free = state.status === "open";
    document.title = `${title(state.engine)} · Meeple`;
    const sit = async (): Promise<void> => {
      try {
        await signed("POST", `/games/${id}/seats`, {});
      } catch (failure) {
        // If somebody was faster, there is the game to watch.
        if (!(failure instanceof Refused && TAKEN.has(failure.code))) throw failure;
      }
      refresh();
    };
    const form = free
      ? nameForm("Sit down", sit, ["Just watch", refresh])
      : nameForm("Watch", refresh);
    fill(
      main,
      h("h1", {}, title(state.engine)),
      h("p", {}, free ? `${list(names) || "Somebody"} invites you to play.` : standing(state)),
      form,
      error,
    );
  }

  rest<GameState>("GET", `/games/${id}`)
    .then(draw)
    .catch((failure: unknown) => {
      const home = h("a", { class: "button", href: "#/" }, "To the lobby");
      fill(main, h("h1", {}, "This table cannot be shown"), error, home);
      fill(error, words(failure));
    });
  return { stop: () => undefined };
}
