// The engine's state, what the entry changed in it and in each view, and the settings of the game.
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import type { Json } from "../wire";
import type { DevGame, Position } from "./api";
import { changes, short, type Change } from "./changes";
import { Tree } from "./tree";

interface Props {
  game: DevGame;
  now: Position;
  before: Position | null;
  field: RefObject<HTMLInputElement | null>;
}

/** Whoever's view it is of, and what is different in it. */
type Differences = readonly (readonly [string, readonly Change[]])[];

function differences(now: Position, before: Position | null): Differences {
  if (before === null || before.seq !== now.seq - 1) return [];
  const own = (position: Position, seat: number | null): Json | undefined => {
    const state = position.views.find((view) => view.seat === seat)?.state;
    return state ? { view: state.view, legal_actions: state.legal_actions as Json } : undefined;
  };
  const views = now.views.map(({ seat }) => {
    const name = seat === null ? "Spectators" : `Seat ${seat}`;
    return [name, changes(own(before, seat), own(now, seat))] as const;
  });
  return [["State", changes(before.state, now.state)], ...views];
}

export function Inspector({ game, now, before, field }: Props) {
  const found = useMemo(() => differences(now, before), [now, before]);
  const changed = useMemo(() => new Set((found[0]?.[1] ?? []).flatMap(({ path }) => [path, path.replace(/\[\d+\]$/, "")])), [found]);
  return (
    <aside class="dev-inspector" aria-label="State">
      <h3>State</h3>
      {now.state === undefined ? (
        <pre tabIndex={0}>{now.text}</pre>
      ) : (
        <Tree value={now.state} label="the state" changed={changed} field={field} />
      )}
      <h3>Changed by entry {now.seq}</h3>
      <div class="dev-changes">
        {found.map(([name, list]) => (
          <details key={name} open={name === "State" || list.length < 6}>
            <summary>
              {name} <span class="size">{list.length || "nothing"}</span>
            </summary>
            <ul>
              {list.map(({ path, before: old, after }) => (
                <li key={path}>
                  <code class="path">{path || "all"}</code>
                  <del>{short(old)}</del> <ins>{short(after)}</ins>
                </li>
              ))}
            </ul>
          </details>
        ))}
      </div>
      <h3>Game</h3>
      <dl>
        <dt>Engine</dt>
        <dd>{game.engine}</dd>
        <dt>Options</dt>
        <dd>
          <code>{JSON.stringify(game.options)}</code>
        </dd>
        <dt>Seed</dt>
        <dd>
          <code>{game.seed}</code>
        </dd>
        <dt>To act</dt>
        <dd>{now.to_act.length ? now.to_act.map((seat) => `seat ${seat}`).join(", ") : "nobody"}</dd>
        <dt>Outcome</dt>
        <dd>{now.outcome ? <code>{JSON.stringify(now.outcome)}</code> : "none yet"}</dd>
        {game.branch_of && (
          <>
            <dt>Branch of</dt>
            <dd>
              <a href={`#/dev/${game.branch_of.game_id}/${game.branch_of.seq}`}>
                {game.branch_of.game_id} at {game.branch_of.seq}
              </a>
            </dd>
          </>
        )}
      </dl>
    </aside>
  );
}
