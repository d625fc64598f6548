import { fill, h, set, usable } from "../dom";
import type { Json } from "@meeple/client";
import { type Board, type Play, type Position } from "./board";

const label = (action: Json): string =>
  typeof action === "string" ? action : JSON.stringify(action);

/** JSON for people: lists of plain values stay on one line. */
const pretty = (value: Json): string =>
  JSON.stringify(value, null, 2).replace(/\[\n[^[\]{}]*\]/g, (list) =>
    list.length < 200 ? list.replace(/\n\s*/g, " ") : list,
  );

/** A table for any game: what one sees as it came, and what one may do as buttons. */
export function generic(play: Play): Board {
  let now: Position | null = null;
  let listed = "";
  const view = h("pre", { tabindex: 0, "aria-label": "What you see" });
  const actions = h("div", { class: "actions", role: "group", "aria-label": "What you may do" });
  const input = h("input", { name: "action", required: true, autocomplete: "off" });
  const form = h(
    "form",
    {
      hidden: true,
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        try {
          const action = JSON.parse(input.value) as Json;
          if (now?.mayAct) play(action);
        } catch {
          input.setCustomValidity("This is not JSON.");
          input.reportValidity();
        }
      },
    },
    h("label", {}, "Your action, as JSON ", input),
    h("button", { class: "main" }, "Play"),
  );
  input.addEventListener("input", () => input.setCustomValidity(""));
  const element = h("div", { class: "generic" }, view, actions, form);

  function update(position: Position): void {
    const { state, mayAct } = position;
    now = position;
    const text = typeof state.view === "string" ? state.view : pretty(state.view);
    if (view.textContent !== text) view.textContent = text;
    const legal = state.legal_actions ?? [];
    const labels = state.request?.labels ?? legal.map(label);
    if (JSON.stringify([legal, labels]) !== listed) {
      const focused = [...actions.children].indexOf(document.activeElement as Element);
      listed = JSON.stringify([legal, labels]);
      fill(actions, ...legal.map((action, index) => button(action, labels[index] ?? label(action))));
      (actions.children[Math.min(focused, legal.length - 1)] as HTMLElement | undefined)?.focus();
    }
    for (const one of actions.querySelectorAll("button")) usable(one, mayAct);
    const asked = state.seat !== null && state.to_act.includes(state.seat);
    set(form, { hidden: !(asked && state.legal_actions === null) });
  }

  const button = (action: Json, text: string): HTMLElement =>
    h("button", { type: "button", onclick: () => now?.mayAct && play(action) }, text);

  return { element, update };
}
