// A field for a house rule, from the engine's schema.
import type { Json, Option } from "../wire";

interface RuleProps {
  name: string;
  option: Option;
  /** Undefined: as it is if nothing is said. */
  change: (value: Json | undefined) => void;
}

/** A field for one house rule; none for a kind of rule that this page cannot ask for. */
export function Rule({ name, option, change }: RuleProps) {
  const what = option.description ?? name.replaceAll("_", " ");
  const label = what.charAt(0).toUpperCase() + what.slice(1);
  if (option.enum) {
    return (
      <label>
        {label}
        <select onChange={(event) => change(JSON.parse(event.currentTarget.value) as Json)}>
          {option.enum.map((one) => {
            const text = JSON.stringify(one);
            return (
              <option key={text} value={text} selected={text === JSON.stringify(option.default)}>
                {typeof one === "string" ? one : text}
              </option>
            );
          })}
        </select>
      </label>
    );
  }
  if (option.type === "boolean") {
    return (
      <label class="check">
        <input
          type="checkbox"
          defaultChecked={option.default === true}
          onChange={(event) => change(event.currentTarget.checked)}
        />
        {label}
      </label>
    );
  }
  const numeric = option.type === "integer" || option.type === "number";
  if (!numeric && option.type !== "string") return null;
  const { default: usual } = option;
  const value = typeof usual === "object" || usual === undefined ? "" : String(usual);
  if (!numeric) {
    return (
      <label>
        {label}
        <input defaultValue={value} onInput={(event) => change(event.currentTarget.value || undefined)} />
      </label>
    );
  }
  return (
    <label>
      {label}
      <input
        type="number"
        min={option.minimum}
        max={option.maximum}
        step={option.type === "number" ? "any" : 1}
        defaultValue={value}
        onInput={({ currentTarget }) =>
          change(currentTarget.value === "" ? undefined : Number(currentTarget.value))
        }
      />
    </label>
  );
}
