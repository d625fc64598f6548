// Fields for what a new table of a game may be told, from the engine's schema.
import { optionsOf, type EngineInfo, type Json, type Option } from "../wire";

interface RuleProps {
  name: string;
  option: Option;
  /** Undefined: as it is if nothing is said. */
  change: (value: Json | undefined) => void;
}

/** A field for one house rule; none for a kind of rule that this page cannot ask for. */
function Rule({ name, option, change }: RuleProps) {
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

/** The house rules that were chosen. */
export type ChosenRules = Record<string, Json>;

interface RulesProps {
  engine: EngineInfo;
  rules: ChosenRules;
  change: (rules: ChosenRules) => void;
}

/** A field for each house rule of the game. */
export function Rules({ engine, rules, change }: RulesProps) {
  return Object.entries(optionsOf(engine)).map(([name, option]) => (
    <Rule
      key={name}
      name={name}
      option={option}
      change={(value) => {
        const { [name]: _, ...others } = rules;
        change(value === undefined ? others : { ...others, [name]: value });
      }}
    />
  ));
}

interface SeatCountProps {
  label: string;
  engine: EngineInfo;
  seats: number;
  change: (seats: number) => void;
}

/** How many play, where the game leaves a choice. */
export function SeatCount({ label, engine, seats, change }: SeatCountProps) {
  if (engine.min_seats === engine.max_seats) return null;
  return (
    <label>
      {label}
      <input
        type="number"
        min={engine.min_seats}
        max={engine.max_seats}
        value={seats}
        required
        onInput={(event) => change(Number(event.currentTarget.value))}
      />
    </label>
  );
}
