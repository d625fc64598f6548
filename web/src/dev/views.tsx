// What every seat sees, side by side, and what it may do.
import { Board } from "../boards";
import { nameOf } from "../text";
import type { Json } from "../wire";
import type { Position, View } from "./api";
import { micros } from "./log";
import { Failed } from "./notices";
import { Tree } from "./tree";

interface Props {
  position: Position;
  busy: boolean;
  act: (seat: number, action: Json) => void;
}

export function Views({ position, busy, act }: Props) {
  return (
    <div class="dev-views">
      {position.views.map((view) => (
        <Seat key={String(view.seat)} view={view} position={position} busy={busy} act={act} />
      ))}
    </div>
  );
}

function Seat({ view, position, busy, act }: Props & { view: View }) {
  const { seat, state, failure } = view;
  const acts = seat !== null && position.to_act.includes(seat);
  const name = seat === null ? "Spectators" : `Seat ${seat}`;
  const who = seat === null || !state ? "" : nameOf(state.players[seat]);
  return (
    <section class={`dev-view ${acts ? "acting" : ""}`} aria-label={name} data-seat={String(seat)}>
      <h3>
        {name}
        {who && who !== name && <em>{who}</em>}
        {acts && <b>to act</b>}
        <span class="took">{micros(view.micros)}</span>
      </h3>
      {failure && <Failed failure={failure} title="The engine cannot show this." open />}
      {state && state.view !== null && (
        <>
          <Board
            state={state}
            mayAct={acts && !busy}
            pending={undefined}
            act={(action) => seat !== null && act(seat, action)}
            onlyLook={seat === null}
          />
          <Demand state={state} />
          <details class="as-json">
            <summary>The view as JSON</summary>
            <Tree value={state.view} label={`the view of ${name}`} />
          </details>
        </>
      )}
    </section>
  );
}

function Demand({ state }: { state: NonNullable<View["state"]> }) {
  if (state.request?.kind !== "forced") return null;
  return (
    <p class="must">
      Forced: <code>{JSON.stringify(state.request.forced)}</code>
    </p>
  );
}
