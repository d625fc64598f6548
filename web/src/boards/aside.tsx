// What is not on the board: dice, captured pieces, points.
import { nameOf } from "../text";
import type { GameState, Json } from "../wire";
import type { Look } from "./look";
import { toneOf } from "./look";
import { isRecord, type Cards, type Grid } from "./model";

const DICE = ["", "⚀", "⚁", "⚂", "⚃", "⚄", "⚅"];

export function Aside({ board, look, state }: { board: Grid | Cards; look?: Look; state: GameState }) {
  const items = Object.entries(board.aside ?? {}).filter(([, value]) => !isEmpty(value));
  if (items.length === 0) return null;
  return (
    <dl class="aside">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value name={name} value={value} look={look} state={state} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface ValueProps {
  name: string;
  value: Json;
  look: Look | undefined;
  state: GameState;
}

function Value({ name, value, look, state }: ValueProps) {
  if (name === "dice" && Array.isArray(value)) {
    const said = value.map(String).join(", ");
    return (
      <span class="dice" role="img" aria-label={said}>
        {value.map((one) => DICE[Number(one)] ?? String(one)).join(" ")}
      </span>
    );
  }
  if (Array.isArray(value) && value.length === state.players.length) {
    return (
      <>
        {value.map((one, seat) => (
          <span class="of-seat" key={seat}>
            {look && <i class={`dot ${toneOf(look, seat)}`} />}
            {nameOf(state.players[seat])}: {plain(one)}
          </span>
        ))}
      </>
    );
  }
  return <>{plain(value)}</>;
}

function plain(value: Json): string {
  if (isRecord(value)) {
    const items = Object.entries(value).map(([key, one]) => `${key} ${plain(one)}`);
    return items.join(", ") || "–";
  }
  if (Array.isArray(value)) return value.map(plain).join(", ") || "–";
  return String(value);
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  (Array.isArray(value)
    ? value.every((one) => isEmpty(one) || one === 0)
    : isRecord(value) && Object.keys(value).length === 0);
