// What stands beside the board: who plays, and what one may do but play.
import { fill, h, set } from "../dom";
import { mark } from "../pictures";
import { nameOf } from "../text";
import type { Game, PlayerView } from "@meeple/client";

/** The players with presence, and whose turn it is. */
export function playerList(): { element: HTMLElement; update(state: Game): void } {
  const element = h("ul", { class: "players", "aria-label": "Players" });
  let drawn = "";
  function update(state: Game): void {
    const { players, to_act, seat, outcome } = state;
    const text = JSON.stringify([players, to_act, seat, outcome]);
    if (text === drawn) return;
    drawn = text;
    fill(element, ...players.map((player) => seatItem(player, state)));
  }
  return { element, update };
}

function seatItem(player: PlayerView, { to_act, seat, outcome }: Game): HTMLElement {
  const acts = to_act.includes(player.seat);
  const won = outcome?.winners.includes(player.seat) ?? false;
  if (player.user_id === null) {
    return h("li", { class: "free" }, mark(player.seat), h("span", { class: "who" }, "Free seat"));
  }
  const presence = player.online ? "here" : "away";
  return h(
    "li",
    { class: acts && "acts" },
    mark(player.seat),
    h("span", { class: "who" }, nameOf(player), player.seat === seat && h("em", {}, " you")),
    won && h("span", { class: "tag" }, "won"),
    acts && h("span", { class: "tag" }, "to play"),
    h("span", { class: `presence ${presence}` }, presence),
  );
}

/** A button that asks before it does what cannot be undone. */
export function confirmed(label: string, question: string, yes: string, act: () => void): Confirmed {
  const dialog = h("dialog", { "aria-label": label });
  const close = (): void => dialog.close();
  const button = h("button", { type: "button", onclick: () => dialog.showModal() }, label);
  const sure = (): void => {
    close();
    act();
  };
  fill(
    dialog,
    h("p", {}, question),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "danger", onclick: sure }, yes),
      h("button", { type: "button", autofocus: true, onclick: close }, "Cancel"),
    ),
  );
  const element = h("div", { class: "confirmed" }, button, dialog);
  return {
    element,
    show(shown: boolean): void {
      set(element, { hidden: !shown });
      if (!shown && dialog.open) close();
    },
  };
}

export interface Confirmed {
  element: HTMLElement;
  show(shown: boolean): void;
}
