// The board of a game: chess, any grid, any cards, or text. Each comes when it is needed.
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { GameState, Json } from "../wire";
import { Actions } from "./actions";
import { lookOf } from "./look";
import { movesOf, type BoardProps, type Cards, type Grid } from "./model";
import { boardOf } from "./own";
import { TextBoard } from "./text";

interface Props {
  state: GameState;
  mayAct: boolean;
  pending: Json | undefined;
  act: (action: Json) => void;
  /** For replays: nothing is to be done here. */
  onlyLook?: boolean;
  /** What stands right below the board, before what is said beside it. */
  children?: ComponentChildren;
}

type Drawn = ComponentType<BoardProps & { board: never }>;
type Kind = "chess" | "grid" | "cards";

const LOADERS: Record<Kind, () => Promise<Drawn>> = {
  chess: async () => (await import("./chess")).ChessBoard as Drawn,
  grid: async () => (await import("./grid")).GridBoard as Drawn,
  cards: async () => (await import("./cards")).CardBoard as Drawn,
};

const loaded: Partial<Record<Kind, Drawn>> = {};

function kindOf(engine: string, board: Grid | Cards): Kind {
  if (board.kind === "cards") return "cards";
  return engine === "openspiel:chess" && board.cells.length === 64 ? "chess" : "grid";
}

/** The component for a kind of board, once it is here. */
function useBoard(kind: Kind | null): Drawn | null {
  const [, setCount] = useState(0);
  useEffect(() => {
    if (kind === null || loaded[kind]) return;
    let stopped = false;
    void LOADERS[kind]().then((found) => {
      loaded[kind] = found;
      if (!stopped) setCount((count) => count + 1);
    });
    return () => {
      stopped = true;
    };
  }, [kind]);
  return kind === null ? null : (loaded[kind] ?? null);
}

export function Board({ state, mayAct, pending, act, onlyLook, children }: Props) {
  const board = useMemo(() => boardOf(state), [state.view, state.legal_actions]);
  const moves = useMemo(
    () => movesOf(state, board?.moves),
    [board, state.legal_actions, state.request],
  );
  const kind = board === null ? null : kindOf(state.engine, board);
  const Drawn = useBoard(kind);
  const [flip, setFlip] = useState(false);
  const props = { state, moves, mayAct: mayAct && !onlyLook, pending, act, flip };
  const turnable = board?.kind === "grid" && lookOf(state.engine).bottom !== undefined;
  return (
    <div class="board">
      {kind !== null && !Drawn && <div class="board-coming" aria-busy="true" />}
      {board !== null && Drawn && <Drawn {...props} board={board as never} />}
      {state.view !== null && board === null && <TextBoard state={state} whole />}
      {children}
      {turnable && (
        <div class="tools">
          <button class="quiet small" aria-pressed={flip} onClick={() => setFlip(!flip)}>
            ⇅ Turn the board
          </button>
        </div>
      )}
      {!onlyLook && <Actions {...props} drawn={board !== null} />}
      {state.view !== null && board !== null && <TextBoard state={state} whole={false} />}
    </div>
  );
}
