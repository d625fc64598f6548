// What docs/views.md says a view may hold, and how an action is found by clicks on it.
import type { GameState, Json } from "../wire";

export interface Cell {
  piece: string;
  seat: number | null;
  count?: number;
}

export interface Grid {
  kind: "grid";
  rows: number;
  columns: number;
  shape: "square" | "hex";
  cells: (Cell | null)[];
  labels?: { rows: string[]; columns: string[] };
  last?: number[];
  moves?: Record<string, number[]>;
  aside?: Record<string, Json>;
  /** Cells that complete a line, say; only from this page. */
  marked?: number[];
}

export interface Card {
  id: Key;
  name: string;
  note?: string;
  text?: string;
  seat?: number;
  /** For creatures: what they have, and what is left of it. */
  hp?: number;
  left?: number;
  energy?: number;
}

export interface Zone {
  name: string;
  seat: number | null;
  layout: "fan" | "row" | "pile";
  cards: (Card | null)[];
  count: number;
}

export interface Cards {
  kind: "cards";
  zones: Zone[];
  moves?: Record<string, Key[]>;
  aside?: Record<string, Json>;
}

/** A cell of a grid, or a card. */
export type Key = number | string;

/** One legal action: its words, and what to click for it (nothing: only its button does it). */
export interface Move {
  action: Json;
  text: string;
  path: readonly Key[];
}

/** What every board is given. */
export interface BoardProps {
  state: GameState;
  moves: readonly Move[];
  mayAct: boolean;
  pending: Json | undefined;
  act: (action: Json) => void;
  /** The board is turned round. */
  flip: boolean;
}

export const isRecord = (value: unknown): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON whose keys are in order, so that equal values have equal texts. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const items = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${items.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

/** The name under which a board's `moves` have an action. */
function keyOf(name: string): string {
  try {
    return canonical(JSON.parse(name) as Json);
  } catch {
    return name;
  }
}

/** An action in words, where the engine gives none. */
export function wordsOf(action: Json): string {
  if (typeof action !== "string") return isRecord(action) ? sentence(action) : JSON.stringify(action);
  // What some games of OpenSpiel put before the words is for programs.
  return action.replace(/^Player:? ?\d+:? Action:? /, "").replace(/^\d+ - /, "") || action;
}

function sentence(action: Record<string, Json>): string {
  const { type, ...rest } = action;
  const named = Object.entries(rest).map(([key, value]) => `${key} ${wordsOf(value)}`);
  return [typeof type === "string" ? type : "", ...named].filter(Boolean).join(" ");
}

/** The legal actions of this viewer, with the clicks that the board has for them. */
export function movesOf(state: GameState, clicks: Record<string, Key[]> = {}): Move[] {
  const paths = new Map<string, readonly Key[]>();
  for (const [name, path] of Object.entries(clicks)) {
    paths.set(name, path);
    if (!paths.has(keyOf(name))) paths.set(keyOf(name), path);
  }
  const labels = state.request?.labels;
  return (state.legal_actions ?? []).map((action, index) => ({
    action,
    text: labels?.[index] ?? wordsOf(action),
    path: paths.get(typeof action === "string" ? action : canonical(action)) ?? [],
  }));
}

const starts = (path: readonly Key[], with_: readonly Key[]): boolean =>
  path.length >= with_.length && with_.every((key, index) => key === path[index]);

/** The moves that are still meant once `picked` was clicked. */
export const meant = (moves: readonly Move[], picked: readonly Key[]): Move[] =>
  moves.filter(({ path }) => path.length > 0 && starts(path, picked));

/** What may be clicked next. */
export const nextKeys = (moves: readonly Move[], picked: readonly Key[]): Set<Key> =>
  new Set(meant(moves, picked).flatMap(({ path }) => path[picked.length] ?? []));
