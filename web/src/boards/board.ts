import type { Game, Json } from "@meeple/client";

/** What a board is told whenever something changes. */
export interface Position {
  state: Game;
  /** True if it is this player's turn and nothing is on its way. */
  mayAct: boolean;
  /** The action that is on its way to the server; undefined if none is. */
  pending: Json | undefined;
}

/** Draws one kind of game. It is made once a table and keeps its elements, and so the focus. */
export interface Board {
  readonly element: HTMLElement;
  update(position: Position): void;
}

/** Plays an action. */
export type Play = (action: Json) => void;

export const isRecord = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isSeat = (value: Json | undefined): value is number | null =>
  value === null || typeof value === "number";

export const may = ({ state, mayAct }: Position, action: Json): boolean =>
  mayAct && (state.legal_actions?.includes(action) ?? false);
