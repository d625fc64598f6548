// What is known of a table, and how each message changes it. Nothing here sends, waits or remembers.
import { stopped } from "./clock.js";
import type { MeepleError } from "./errors.js";
import type { ChatLine, GameOverMessage, GamePresence, GameState, Json } from "./generated.js";

/** A game as this viewer may see it; `View` and `Action` are its engine's. */
export type Game<View = Json, Action = Json> = Omit<GameState, "view" | "legal_actions"> & {
  /** Null before the start. */
  readonly view: View | null;
  /** What this seat may do; null if it is not to act or they are too many to list. */
  readonly legal_actions: readonly Action[] | null;
};

/** What ends or moves a game, and is sent until it is answered. */
export type CommandEvent =
  "game:action" | "game:resign" | "game:offer" | "game:answer" | "game:claim";

/** A command of this client's whose effect has not been seen yet: show it as if it had. */
export interface Pending<Action = Json> {
  readonly actionId: string;
  readonly event: CommandEvent;
  /** Of a `game:action`. */
  readonly action?: Action;
  /** The seq of its entry, once it is acked: it is on the disk, and the state will follow. */
  readonly seq: number | null;
}

/** What is known of a table. It never changes: each change makes another. */
export interface TableState<View = Json, Action = Json> {
  readonly gameId: string;
  /** The last state that came; null before the first. */
  readonly game: Game<View, Action> | null;
  /** This client's seat; null for a spectator. */
  readonly seat: number | null;
  /** This client's commands that are on their way, in order. */
  readonly pending: readonly Pending<Action>[];
  /** This seat may act, and has not just done so. */
  readonly myTurn: boolean;
  /** What was said, the oldest first. */
  readonly chat: readonly ChatLine[];
  /** The game that the players have gone on to; null if there is none. */
  readonly rematch: string | null;
  /** Nothing more will come. */
  readonly closed: boolean;
  /** Why nothing more will come, if it was not asked for. */
  readonly error: MeepleError | null;
}

/** Lines of chat that are kept. */
const MAX_CHAT = 500;

export function newTable<View, Action>(gameId: string): TableState<View, Action> {
  return {
    gameId,
    game: null,
    seat: null,
    pending: [],
    myTurn: false,
    chat: [],
    rematch: null,
    closed: false,
    error: null,
  };
}

/** With these changes, and what follows from them. */
export function changed<View, Action>(
  before: TableState<View, Action>,
  changes: Partial<TableState<View, Action>>,
): TableState<View, Action> {
  const after = { ...before, ...changes };
  const { game, pending } = after;
  const seat = game?.seat ?? null;
  const seq = game?.seq ?? -1;
  const unseen = pending.filter((one) => one.seq === null || one.seq > seq);
  const acting = unseen.some((one) => one.event === "game:action" || one.event === "game:resign");
  const toAct = seat !== null && game?.outcome === null && game.to_act.includes(seat);
  return {
    ...after,
    seat,
    rematch: after.rematch ?? game?.rematch ?? null,
    pending: unseen.length === pending.length ? pending : unseen,
    myTurn: toAct && !acting && !after.closed,
  };
}

/** The game as it is when it is over. */
export function ended<View, Action>(
  game: Game<View, Action>,
  over: GameOverMessage,
  now: number,
): Game<View, Action> {
  return {
    ...game,
    seq: over.seq,
    status: "over",
    to_act: [],
    legal_actions: null,
    request: null,
    outcome: over.outcome,
    clock: stopped(game, now) as unknown as Game["clock"],
  };
}

export function withPlayers<View, Action>(
  game: Game<View, Action>,
  { players }: GamePresence,
): Game<View, Action> {
  return { ...game, players };
}

/** The last lines of what was said. */
export const lastLines = (lines: readonly ChatLine[]): readonly ChatLine[] =>
  lines.slice(-MAX_CHAT);
