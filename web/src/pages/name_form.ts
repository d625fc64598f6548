import { enter, lastName } from "../account";
import { fill, h } from "../dom";
import { words } from "../wire";

type Next = () => void | Promise<void>;

/** Asks for a name and makes an account of it; then `done`, or what the `other` button is for. */
export function nameForm(label: string, done: Next, other?: [string, Next]): HTMLFormElement {
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
  const otherButton = other ? h("button", { class: "plain other" }, other[0]) : null;
  const error = h("p", { class: "error", role: "alert" });
  const form = h(
    "form",
    { class: "name-form" },
    h("label", { for: "name" }, "Your name"),
    h("div", { class: "row" }, input, button),
    otherButton,
    error,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    const next = other && event.submitter === otherButton ? other[1] : done;
    enter(input.value)
      .then(next)
      .catch((failure: unknown) => {
        button.disabled = false;
        fill(error, words(failure));
      });
  });
  queueMicrotask(() => input.isConnected && input.focus());
  return form;
}
