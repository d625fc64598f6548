// Make a table: against whom, how quick, by which house rules.
import { useState } from "preact/hooks";
import { lookOf } from "../boards/look";
import { Dialog } from "../parts/dialog";
import { Rules, SeatCount, type ChosenRules } from "../parts/rules";
import { Thumb } from "../parts/thumb";
import { CONTROLS, CustomClock, type Control } from "../parts/time_control";
import { tableAddress } from "../router";
import { ask } from "../session";
import { title } from "../text";
import { optionsOf, words, type EngineInfo, type NewGame } from "../wire";

type Against = "friend" | "anybody" | "bot";

export function NewTable({ engine, close }: { engine: EngineInfo; close: () => void }) {
  const solo = engine.max_seats === 1;
  const [against, setAgainst] = useState<Against>(solo ? "friend" : "bot");
  const [level, setLevel] = useState(3);
  const [seats, setSeats] = useState(engine.min_seats);
  const [side, setSide] = useState<number | "any">(lookOf(engine.name).bottom ?? 0);
  const [control, setControl] = useState("0");
  const [custom, setCustom] = useState<Control>({ kind: "fischer", initial: 300, increment: 3 });
  const [rules, setRules] = useState<ChosenRules>({});
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

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
      // Whoever likes may watch a bot being beaten; a friend is met in private.
      public: solo || against !== "friend",
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
          <SeatCount label="Players" engine={engine} seats={seats} change={setSeats} />
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
        {Object.keys(optionsOf(engine)).length > 0 && (
          <details>
            <summary>House rules</summary>
            <div class="fields">
              <Rules engine={engine} rules={rules} change={setRules} />
            </div>
          </details>
        )}
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <button class="main big" disabled={busy} autofocus>
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
