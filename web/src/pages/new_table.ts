import type { EngineInfo, Json } from "@meeple/client";
import { signed } from "../account";
import { fill, h } from "../dom";
import { picture } from "../pictures";
import { title } from "../text";
import { optionsOf, words, type Option } from "../wire";

/** Choose a game and make a table of it. */
export function newTable(engines: EngineInfo[]): HTMLElement {
  let chosen = engines[0];
  const rules = h("div", { class: "rules" });
  const error = h("p", { class: "error", role: "alert" });
  const open = h("input", { type: "checkbox", name: "public", checked: true });
  const button = h("button", { class: "main" }, "Make a table");
  const form = h(
    "form",
    { class: "new-table" },
    h(
      "fieldset",
      { class: "engines" },
      h("legend", {}, "Choose a game"),
      ...engines.map((engine) => offer(engine, engine === chosen, () => choose(engine))),
    ),
    rules,
    h("label", { class: "check" }, open, "Show it to everybody in the lobby"),
    button,
    error,
  );

  function choose(engine: EngineInfo): void {
    chosen = engine;
    const fields = Object.entries(optionsOf(engine)).map(([name, option]) => field(name, option));
    fill(rules, seatsField(engine), ...fields);
  }

  async function make(engine: EngineInfo): Promise<void> {
    button.disabled = true;
    fill(error);
    try {
      const seats = Number(new FormData(form).get("seats") ?? engine.min_seats);
      const wanted = { engine: engine.name, seats, options: given(form), public: open.checked };
      const { game_id } = await signed((rest) => rest.createGame(wanted));
      location.hash = `#/game/${game_id}`;
    } catch (failure) {
      fill(error, words(failure));
      button.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen) void make(chosen);
  });
  if (chosen) choose(chosen);
  return engines.length ? form : h("p", {}, "This server has no games on offer.");
}

function offer(engine: EngineInfo, checked: boolean, choose: () => void): HTMLElement {
  return h(
    "label",
    { class: "engine" },
    h("input", { type: "radio", name: "engine", value: engine.name, checked, onchange: choose }),
    picture(engine.name),
    h("span", { class: "what" }, h("strong", {}, title(engine.name)), h("span", {}, engine.summary)),
  );
}

function seatsField({ min_seats, max_seats }: EngineInfo): HTMLElement | null {
  if (min_seats === max_seats) return null;
  const props = { type: "number", name: "seats", min: min_seats, max: max_seats, required: true };
  return h("label", {}, "Players ", h("input", { ...props, value: min_seats }));
}

/** An input for one house rule; none for a kind of rule that this page cannot ask for. */
function field(name: string, option: Option): HTMLElement | null {
  const what = option.description ?? name.replaceAll("_", " ");
  const label = `${what.charAt(0).toUpperCase()}${what.slice(1)} `;
  const props = { name: `option.${name}`, "data-type": option.type ?? "" };
  if (option.enum) {
    const choices = option.enum.map((one) => {
      const text = JSON.stringify(one);
      const selected = text === JSON.stringify(option.default);
      return h("option", { value: text, selected }, typeof one === "string" ? one : text);
    });
    return h("label", {}, label, h("select", { ...props, "data-type": "json" }, ...choices));
  }
  if (option.type === "boolean") {
    const box = h("input", { type: "checkbox", checked: option.default === true, ...props });
    return h("label", { class: "check" }, box, label);
  }
  if (option.type !== "integer" && option.type !== "number" && option.type !== "string") return null;
  const value = typeof option.default === "object" ? "" : option.default;
  const numeric = {
    type: "number",
    min: option.minimum,
    max: option.maximum,
    step: option.type === "number" ? "any" : 1,
  };
  const kind = option.type === "string" ? {} : numeric;
  return h("label", {}, label, h("input", { ...kind, value, ...props }));
}

/** The house rules as they are filled in; what is left empty keeps its default. */
function given(form: HTMLFormElement): Record<string, Json> {
  const rules: Record<string, Json> = {};
  for (const input of form.querySelectorAll<HTMLInputElement>("[name^='option.']")) {
    const name = input.name.slice("option.".length);
    const type = input.dataset["type"];
    if (type === "boolean") rules[name] = input.checked;
    else if (input.value === "") continue;
    else if (type === "string") rules[name] = input.value;
    else rules[name] = JSON.parse(input.value) as Json;
  }
  return rules;
}
