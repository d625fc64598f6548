// How long one may think: the usual clocks, or any other.
export interface Control {
  readonly kind: string;
  readonly [key: string]: number | string;
}

export const CONTROLS: readonly (readonly [string, Control | null])[] = [
  ["No clock", null],
  ["1 min", { kind: "fischer", initial: 60, increment: 0 }],
  ["3 min + 2 s", { kind: "fischer", initial: 180, increment: 2 }],
  ["5 min + 3 s", { kind: "fischer", initial: 300, increment: 3 }],
  ["10 min + 5 s", { kind: "fischer", initial: 600, increment: 5 }],
  ["30 min + 20 s", { kind: "fischer", initial: 1800, increment: 20 }],
  ["5 min, delay 5 s", { kind: "delay", initial: 300, delay: 5 }],
  ["5 min, Bronstein 5 s", { kind: "bronstein", initial: 300, delay: 5 }],
  ["10 min + 3 × 30 s byo-yomi", { kind: "byo_yomi", main: 600, periods: 3, period: 30 }],
  ["30 s for each move", { kind: "per_action", seconds: 30 }],
  ["1 day for each move", { kind: "correspondence", days: 1 }],
  ["3 days for each move", { kind: "correspondence", days: 3 }],
];
/** The numbers of a custom clock, with what they mean. */
const CUSTOM: Record<string, readonly (readonly [string, string, number])[]> = {
  fischer: [["initial", "seconds", 300], ["increment", "more after each move", 3]],
  delay: [["initial", "seconds", 300], ["delay", "delay of each move", 5]],
  bronstein: [["initial", "seconds", 300], ["delay", "back after each move", 5]],
  byo_yomi: [["main", "seconds", 600], ["periods", "periods", 3], ["period", "seconds each", 30]],
  per_action: [["seconds", "seconds for each move", 30]],
  correspondence: [["days", "days for each move", 3]],
};
const CUSTOM_NAMES: Record<string, string> = {
  fischer: "Fischer",
  delay: "Delay",
  bronstein: "Bronstein",
  byo_yomi: "Byo-yomi",
  per_action: "Each move",
  correspondence: "Correspondence",
};

export function CustomClock({ control, change }: { control: Control; change: (control: Control) => void }) {
  const numbers = CUSTOM[control.kind] ?? [];
  return (
    <div class="fields">
      <label>
        Kind
        <select
          value={control.kind}
          onChange={({ currentTarget: { value } }) =>
            change({
              kind: value,
              ...Object.fromEntries((CUSTOM[value] ?? []).map(([name, , least]) => [name, least])),
            })
          }
        >
          {Object.entries(CUSTOM_NAMES).map(([kind, name]) => (
            <option key={kind} value={kind}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {numbers.map(([name, what]) => (
        <label key={`${control.kind} ${name}`}>
          {what}
          <input
            type="number"
            min={name === "increment" || name === "delay" || name === "main" ? 0 : 1}
            max={name === "days" ? 30 : 86_400}
            required
            value={control[name] as number}
            onInput={(event) => change({ ...control, [name]: Number(event.currentTarget.value) })}
          />
        </label>
      ))}
    </div>
  );
}
