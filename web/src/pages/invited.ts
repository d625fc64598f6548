import { Rest, type Game } from "@meeple/client";
import { signed } from "../account";
import { fill, h } from "../dom";
import { list, standing, title } from "../text";
import { refusedAs, words } from "../wire";
import { header } from "./header";
import { nameForm } from "./name_form";
import type { Page } from "./page";

const TAKEN = new Set(["game_full", "seat_taken", "game_over"]);

/** What one sees who opens an invitation and has no name yet. */
export function invited(root: HTMLElement, id: string, refresh: () => void): Page {
  const main = h("main", { class: "invited" });
  const error = h("p", { class: "error", role: "alert" });
  fill(root, header(refresh), main);

  function draw(state: Game): void {
    const names = state.players.flatMap(({ name }) => (name === null ? [] : [name]));
    const free = state.status === "open";
    document.title = `${title(state.engine)} · Meeple`;
    const sit = async (): Promise<void> => {
      try {
        await signed((rest) => rest.takeSeat(id));
      } catch (failure) {
        // If somebody was faster, there is the game to watch.
        if (!refusedAs(failure, TAKEN)) throw failure;
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

  new Rest()
    .game(id)
    .then(draw)
    .catch((failure: unknown) => {
      const home = h("a", { class: "button", href: "#/" }, "To the lobby");
      fill(main, h("h1", {}, "This table cannot be shown"), error, home);
      fill(error, words(failure));
    });
  return { stop: () => undefined };
}
