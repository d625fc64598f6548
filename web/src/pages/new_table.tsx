// Make a table: against whom, how quick, by which house rules.
import { useState } from "preact/hooks";
import { lookOf } from "../boards/look";
import { Dialog } from "../parts/dialog";
import { Thumb } from "../parts/thumb";
import { tableAddress } from "../router";
import { ask } from "../session";
import { title } from "../text";
import { optionsOf, words, type EngineInfo, type Json, type NewGame, type Option } from "../wire";

type Against = "friend" | "anybody" | "bot";

interface Control {
  readonly kind: string;
  readonly [key: string]: number | string;
}

const CONTROLS: readonly (readonly [string, Control | null])[] = [
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

export function NewTable({ engine, close }: { engine: EngineInfo; close: () => void }) {
  const solo = engine.max_seats === 1;
  const [against, setAgainst] = useState<Against>(solo ? "friend" : "bot");
  const [level, setLevel] = useState(3);
  const [seats, setSeats] = useState(engine.min_seats);
  const [side, setSide] = useState<number | "any">(lookOf(engine.name).bottom ?? 0);
  const [control, setControl] = useState("0");
  const [custom, setCustom] = useState<Control>({ kind: "fischer", initial: 300, increment: 3 });
  const [rules, setRules] = useState<Record<string, Json>>({});
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const options = Object.entries(optionsOf(engine));

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError("");
    const own = side === "any" ? Math.floor(Math.random() * seats) : Math.min(side, seats - 1);
    const other = against === "bot" ? { bot: "mcts", level } : null;
    const seating = Array.from({ length: seats }, (_, seat) => (seat === own ? "me" : other));
    const time = control === "custom" ? custom : (CONTROLS[Number(control)]?.[1] ?? null);
    const wanted = {
      engine: engine.name,
      options: rules,
      seats: seating,
      public: against === "anybody",
      ...(time ? { time_control: time } : {}),
    } as NewGame;
    try {
      const { game_id } = await ask((rest) => withOtherBot(wanted, (one) => rest.createGame(one)));
      location.hash = tableAddress(game_id);
    } catch (failure) {
      setError(words(failure));
      setBusy(false);
    }
  }

  return (
    <Dialog title={title(engine.name)} close={close}>
      <form class="new-table" onSubmit={(event) => void make(event)}>
        <div class="about">
          <Thumb engine={engine.name} />
          <p>{engine.summary}</p>
        </div>
        {!solo && (
          <fieldset class="choice">
            <legend>Against</legend>
            {(
              [
                ["bot", "The computer"],
                ["friend", "A friend, by link"],
                ["anybody", "Anybody"],
              ] as const
            ).map(([value, text]) => (
              <label key={value}>
                <input
                  type="radio"
                  name="against"
                  value={value}
                  checked={against === value}
                  onChange={() => setAgainst(value)}
                />
                <span>{text}</span>
              </label>
            ))}
          </fieldset>
        )}
        {!solo && against === "bot" && (
          <label class="range">
            <span>
              Level <b>{level}</b>
            </span>
            <input
              type="range"
              min="1"
              max="10"
              value={level}
              onInput={(event) => setLevel(Number(event.currentTarget.value))}
            />
          </label>
        )}
        <div class="fields">
          {engine.min_seats !== engine.max_seats && (
            <label>
              Players
              <input
                type="number"
                min={engine.min_seats}
                max={engine.max_seats}
                value={seats}
                required
                onInput={(event) => setSeats(Number(event.currentTarget.value))}
              />
            </label>
          )}
          {seats > 1 && (
            <label>
              My seat
              <select
                value={String(side)}
                onChange={({ currentTarget: { value } }) => setSide(value === "any" ? "any" : Number(value))}
              >
                <option value="any">by chance</option>
                {Array.from({ length: seats }, (_, seat) => (
                  <option key={seat} value={String(seat)}>
                    {seatName(engine.name, seat)}
                  </option>
                ))}
              </select>
            </label>
          )}
          {!solo && (
            <label>
              Clock
              <select value={control} onChange={(event) => setControl(event.currentTarget.value)}>
                {CONTROLS.map(([name], index) => (
                  <option key={name} value={String(index)}>
                    {name}
                  </option>
                ))}
                <option value="custom">Another clock …</option>
              </select>
            </label>
          )}
        </div>
        {control === "custom" && <CustomClock control={custom} change={setCustom} />}
        {options.length > 0 && (
          <details>
            <summary>House rules</summary>
            <div class="fields">
              {options.map(([name, option]) => (
                <Rule
                  key={name}
                  name={name}
                  option={option}
                  change={(value) => {
                    const { [name]: _, ...others } = rules;
                    setRules(value === undefined ? others : { ...others, [name]: value });
                  }}
                />
              ))}
            </div>
          </details>
        )}
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <button class="main big" disabled={busy}>
          {against === "bot" || solo ? "Play" : "Make the table"}
        </button>
      </form>
    </Dialog>
  );
}

/** Where no bot can think, the one that plays by chance takes the seat. */
async function withOtherBot<T>(wanted: NewGame, make: (wanted: NewGame) => Promise<T>): Promise<T> {
  try {
    return await make(wanted);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "policy_not_available" || !Array.isArray(wanted.seats)) throw error;
    const seats = wanted.seats.map((one: unknown) =>
      one !== null && typeof one === "object" ? { ...one, bot: "random" } : one,
    );
    return make({ ...wanted, seats } as NewGame);
  }
}

function seatName(engine: string, seat: number): string {
  const look = lookOf(engine);
  if (look.pieces === "chess" || engine === "openspiel:checkers") {
    return seat === (look.bottom ?? 1) ? "White" : "Black";
  }
  if (look.tones === "ink") return seat === 0 ? "Black" : "White";
  return `Seat ${seat + 1}`;
}

function CustomClock({ control, change }: { control: Control; change: (control: Control) => void }) {
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
