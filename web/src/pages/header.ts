import { account } from "../account";
import { h } from "../dom";
import { picture } from "../pictures";
import { nameForm } from "./name_form";

/** The top of every page: the way home, and who one is. */
export function header(refresh: () => void): HTMLElement {
  const home = h("a", { class: "home", href: "#/" }, picture("meeple"), "Meeple");
  const me = account();
  if (me === null) return h("header", {}, home);
  const dialog = h("dialog", { "aria-label": "Play under another name" });
  const change = h(
    "button",
    {
      type: "button",
      class: "plain me",
      "aria-label": `You are ${me.name}; play under another name`,
      onclick: () => {
        dialog.replaceChildren(
          h("h2", {}, "Play under another name"),
          h("p", {}, `You become a new player. The games of ${me.name} stay with ${me.name}.`),
          nameForm("Change", refresh),
          h("button", { type: "button", class: "plain other", onclick: () => dialog.close() }, "Cancel"),
        );
        dialog.showModal();
      },
    },
    me.name,
  );
  return h("header", {}, home, change, dialog);
}
