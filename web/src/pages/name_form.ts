import { enter, lastName } from "../account";
import { fill, h } from "../dom";
import { words } from "../wire";

/** Asks for a name and makes an account of it; then `done`. */
export function nameForm(label: string, done: () => void | Promise<void>): HTMLFormElement {
  const input = h("input", {
    id: "name",
    name: "name",
    required: true,
    maxlength: 32,
    autocomplete: "nickname",
    placeholder: "What the others will call you",
    value: lastName(),
  });
  const button = h("button", { class: "main" }, label);
  const error = h("p", { class: "error", role: "alert" });
  const form = h(
    "form",
    { class: "name-form" },
    h("label", { for: "name" }, "Your name"),
    h("div", { class: "row" }, input, button),
    error,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    enter(input.value)
      .then(done)
      .catch((failure: unknown) => {
        button.disabled = false;
        fill(error, words(failure));
      });
  });
  queueMicrotask(() => input.isConnected && input.focus());
  return form;
}
